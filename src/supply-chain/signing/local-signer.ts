import { sign } from 'node:crypto';
import { fingerprintOf } from './key-fingerprint.ts';
import type { LocalKey } from './local-key.ts';
import type { Signing } from './sign-statement.ts';

/** Signs with a key of this machine. There is no log that it could be looked up in. */
export function localSigning({ privateKey, publicKey }: Pick<LocalKey, 'privateKey' | 'publicKey'>): Signing {
  const key = {
    $case: 'publicKey' as const,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    hint: fingerprintOf(publicKey),
  };
  return {
    signer: { sign: async (data) => ({ signature: sign('sha256', data, privateKey), key }) },
    witnesses: [],
  };
}
