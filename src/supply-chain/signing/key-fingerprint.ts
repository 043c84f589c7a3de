import { createHash, type KeyObject } from 'node:crypto';

/** SHA-256 of a public key (SPKI, DER) in Base64: how bundles say which key they were signed with, as cosign does. */
export function fingerprintOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}
