import { createHash, createPublicKey, verify } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { SupplyChainError } from '../error.ts';
import { fingerprintOf } from './key-fingerprint.ts';
import type { Signing } from './sign-statement.ts';

/**
 * Signs with a key in AWS KMS (`ECC_NIST_P256`, for `SIGN_VERIFY`), which never leaves it. The role needs `kms:Sign` and
 * `kms:GetPublicKey`. Throws `KEY_ERROR`.
 */
export function kmsSigning(client: KMSClient, keyId: string): Signing {
  const publicKey = once(async () => {
    const { PublicKey, KeySpec } = await asked(keyId, client.send(new GetPublicKeyCommand({ KeyId: keyId })));
    if (PublicKey === undefined || KeySpec !== 'ECC_NIST_P256') {
      throw new SupplyChainError(
        'KEY_ERROR',
        `${keyId} is a key of the kind ${KeySpec ?? 'unknown'}; a signing key must be ECC_NIST_P256`,
      );
    }
    return createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  });
  return {
    signer: {
      async sign(data) {
        const key = await publicKey();
        const command = new SignCommand({
          KeyId: keyId,
          Message: digestOfMessage(data),
          MessageType: 'DIGEST',
          SigningAlgorithm: 'ECDSA_SHA_256',
        });
        const { Signature } = await asked(keyId, client.send(command));
        const signature = Buffer.from(Signature ?? '');
        if (!verify('sha256', data, key, signature)) {
          throw new SupplyChainError('KEY_ERROR', `KMS gave no signature by ${keyId} that verifies`);
        }
        return {
          signature,
          key: {
            $case: 'publicKey',
            publicKey: key.export({ type: 'spki', format: 'pem' }).toString(),
            hint: fingerprintOf(key),
          },
        };
      },
    },
    witnesses: [],
  };
}

/** Messages of more than 4096 bytes must be hashed before; so all are. */
function digestOfMessage(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

async function asked<T>(keyId: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new SupplyChainError('KEY_ERROR', `KMS does not sign with ${keyId}: ${why}`, { cause });
  }
}

/** Makes it once; what failed is tried again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return async () => {
    made ??= make();
    try {
      return await made;
    } catch (error) {
      made = null;
      throw error;
    }
  };
}
