import { createHash, createPublicKey, sign, type KeyObject } from 'node:crypto';
import type { Signer } from '@sigstore/sign';

/** Signs with a private key that is at hand: ECDSA on P-256, with SHA-256. */
export function keySigner(privateKey: KeyObject): Signer {
  const publicKey = createPublicKey(privateKey);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const hint = keyHint(publicKey);
  return {
    async sign(data) {
      const signature = sign('sha256', data, privateKey);
      return { signature, key: { $case: 'publicKey', publicKey: pem, hint } };
    },
  };
}

/** By what a bundle names the key that signed it, as cosign does: SHA-256 of the DER of its SPKI, in base64. */
export function keyHint(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('base64');
}
