import path from 'node:path';
import { ConfigError } from '../config/problems.ts';
import type { IdentityProvider } from '@sigstore/sign';
import { actionsToken, givenToken } from '../supply-chain/signing/identity-token.ts';
import { isKeyName, localKey } from '../supply-chain/signing/local-key.ts';
import { localSigning } from '../supply-chain/signing/local-signer.ts';
import { PUBLIC_SIGSTORE, type SigstoreServices } from '../supply-chain/signing/sigstore-services.ts';
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
  if (isKeyless) return keyless(input);
  requireKeyless(input);
  if (kms !== undefined) return inKms(kms);
  const name = key ?? usualKey;
  if (!isKeyName(name)) {
    throw new ConfigError(
      'invalid',
      `--key takes the name of a key, of lower-case letters, digits and dashes, not "${name}". Its file is ${path.join(stateDirectory, 'keys', '<name>.key')}.`,
    );
  }
  const local = localKey(path.join(stateDirectory, 'keys'), name);
  return {
    signing: localSigning(local),
    by: `the key "${name}"`,
    newKey: local.isNew ? local.publicKeyFile : null,
  };
}

/** Nobody shall believe that these did something. */
function requireKeyless(input: CommandInput): void {
  const idle = ['fulcio', 'rekor', 'timestamps'].find((name) => textOption(input, name) !== undefined);
  if (idle !== undefined) throw new ConfigError('invalid', `--${idle} goes with --keyless only.`);
}

async function inKms(key: string): Promise<ChosenSigning> {
  const [{ kmsClient }, { kmsSigning }] = await Promise.all([
    import('../supply-chain/signing/kms-client.ts'),
    import('../supply-chain/signing/kms-signer.ts'),
  ]);
  return { signing: kmsSigning(kmsClient(key), key), by: `the key ${key}`, newKey: null };
}

async function keyless(input: CommandInput): Promise<ChosenSigning> {
  const { keylessSigning } = await import('../supply-chain/signing/keyless-signer.ts');
  const services = servicesOf(input);
  return {
    signing: keylessSigning(services, identityHere()),
    by: `a certificate of ${services.fulcio}`,
    newKey: null,
  };
}

/** The public Sigstore, or the one that the options name. */
function servicesOf(input: CommandInput): SigstoreServices {
  const fulcio = textOption(input, 'fulcio');
  const rekor = textOption(input, 'rekor') ?? null;
  const timestampAuthority = textOption(input, 'timestamps') ?? null;
  for (const url of [fulcio, rekor, timestampAuthority]) {
    if (typeof url === 'string' && !isService(url)) {
      throw new ConfigError(
        'invalid',
        `"${url}" is no URL of a service of Sigstore: it must be https, as an identity token is sent there; plain http is for this machine only.`,
      );
    }
  }
  const hasWitness = rekor !== null || timestampAuthority !== null;
  if (fulcio === undefined && !hasWitness) return PUBLIC_SIGSTORE;
  if (fulcio !== undefined && hasWitness) return { fulcio, rekor, timestampAuthority };
  throw new ConfigError(
    'invalid',
    'Another Sigstore is named with --fulcio and, as certificates are valid for minutes, one of --rekor and --timestamps that says when something was signed.',
  );
}

const THIS_MACHINE: readonly string[] = ['127.0.0.1', '[::1]', 'localhost'];

/** Whoever reads the token on its way could sign in our name. */
function isService(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && THIS_MACHINE.includes(hostname));
}

/** Who runs this: the job of GitHub Actions, or whoever a token in `SIGSTORE_ID_TOKEN` is for. */
function identityHere(): IdentityProvider {
  const { env } = process;
  const given = env['SIGSTORE_ID_TOKEN'];
  if (given !== undefined && given !== '') return givenToken(given);
  const [url, token] = [env['ACTIONS_ID_TOKEN_REQUEST_URL'], env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']];
  if (url !== undefined && token !== undefined) return actionsToken({ url, token });
  throw new ConfigError(
    'invalid',
    '--keyless signs as a workflow of GitHub Actions, and this is none, or it lacks `permissions: id-token: write`. Elsewhere, give a token in SIGSTORE_ID_TOKEN, or sign with --key or --kms.',
  );
}
