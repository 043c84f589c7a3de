import path from 'node:path';
import { ConfigError } from '../config/problems.ts';
import { localKey } from '../supply-chain/signing/local-key.ts';
import { localSigning } from '../supply-chain/signing/local-signer.ts';
import type { Signing } from '../supply-chain/signing/sign-statement.ts';
import { type CommandInput, flag, textOption } from './command.ts';

/** How a command signs, and what to say of it. */
export interface ChosenSigning {
  readonly signing: Signing;
  /** `the key "build"`. */
  readonly by: string;
  /** File of the public key, if it was made just now. */
  readonly newKey: string | null;
}

/** Finds how to sign: as the options say, else with the usual key of this machine. */
export async function chooseSigning(
  input: CommandInput,
  stateDirectory: string,
  usualKey: string,
): Promise<ChosenSigning> {
  const [key, kms, isKeyless] = [textOption(input, 'key'), textOption(input, 'kms'), flag(input, 'keyless')];
  if ([key !== undefined, kms !== undefined, isKeyless].filter(Boolean).length > 1) {
    throw new ConfigError('invalid', 'Sign with one of --key, --kms and --keyless.');
  }
  if (kms !== undefined) return inKms(kms);
  if (isKeyless) return keyless();
  const name = key ?? usualKey;
  const local = localKey(path.join(stateDirectory, 'keys'), name);
  return {
    signing: localSigning(local),
    by: `the key "${name}"`,
    newKey: local.isNew ? local.publicKeyFile : null,
  };
}

async function inKms(key: string): Promise<ChosenSigning> {
  const [{ KMSClient }, { kmsSigning }] = await Promise.all([
    import('@aws-sdk/client-kms'),
    import('../supply-chain/signing/kms-signer.ts'),
  ]);
  return { signing: kmsSigning(new KMSClient(), key), by: `the key ${key}`, newKey: null };
}

async function keyless(): Promise<ChosenSigning> {
  if (process.env['ACTIONS_ID_TOKEN_REQUEST_URL'] === undefined) {
    throw new ConfigError(
      'invalid',
      '--keyless signs as a workflow of GitHub Actions, and this is none, or it lacks `permissions: id-token: write`. Elsewhere, sign with --key or --kms.',
    );
  }
  const [{ CIContextProvider }, { keylessSigning, PUBLIC_SIGSTORE }] = await Promise.all([
    import('@sigstore/sign'),
    import('../supply-chain/signing/keyless-signer.ts'),
  ]);
  return {
    signing: keylessSigning(PUBLIC_SIGSTORE, new CIContextProvider('sigstore')),
    by: 'the workflow that runs',
    newKey: null,
  };
}
