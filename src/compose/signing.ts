import path from 'node:path';
import type { Notary } from '../notaries/notary.ts';
import { type NotarySettings, signingNotary } from '../notaries/signing-notary.ts';
import { localKey } from '../supply-chain/signing/local-key.ts';
import { localSigning } from '../supply-chain/signing/local-signer.ts';
import type { Signing } from '../supply-chain/signing/sign-statement.ts';
import { VERSION } from '../version.ts';
import { type ImageAccess, openImageRepository } from './images.ts';

/** The notary of the embedded engine. */
export function makeNotary(access: ImageAccess): Notary {
  return signingNotary({
    openRepository: (name) => openImageRepository(name, access),
    signingBy,
    directory: path.join(access.stateDirectory, 'verdicts'),
    toolVersion: VERSION,
  });
}

async function signingBy(settings: NotarySettings): Promise<Signing> {
  if (settings.kind === 'local') return localSigning(localKey(settings.directory, settings.name));
  const [{ kmsClient }, { kmsSigning }] = await Promise.all([
    import('../supply-chain/signing/kms-client.ts'),
    import('../supply-chain/signing/kms-signer.ts'),
  ]);
  return kmsSigning(kmsClient(settings.key), settings.key);
}
