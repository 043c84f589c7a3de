import { generateKeyPairSync } from 'node:crypto';
import type { SerializedBundle } from '@sigstore/bundle';
import { FulcioSigner, RekorWitness, TSAWitness } from '@sigstore/sign';
import type { Instant } from '../../core/time.ts';
import { keySigner } from '../signing/key-signer.ts';
import { signPayload, type Payload } from '../signing/sign-statement.ts';
import type { KeylessSigner, KeySigner, TrustedSigner } from '../verification/trust.ts';
import type { LocalSigstore } from './local-sigstore.ts';
import { workflowIdentity, type WorkflowIdentity } from './workflow-identity.ts';

/** Somebody who signs in a test, and how those who trust them would say so. */
export interface TestSigner<Trust extends TrustedSigner = TrustedSigner> {
  readonly trust: Trust;
  /** Signs as if it were that time, where the signer has a say in it. */
  sign(payload: Payload, at?: Instant): Promise<SerializedBundle>;
}

/** Signs with a new key. */
export function keyedSigner(
  name: string,
  validity: { from?: Instant; until?: Instant } = {},
): TestSigner<KeySigner> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const signer = keySigner(privateKey);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const { from = null, until = null } = validity;
  return {
    trust: { kind: 'key', name, keys: [{ publicKey: pem, from, until }] },
    sign: (payload) => signPayload(payload, signer),
  };
}

/** Which services stand by when something is signed without a key. */
export interface Witnesses {
  readonly log: boolean;
  readonly timestamp: boolean;
}

/** Signs with certificates of a Sigstore for one identity; trusted for exactly that one. */
export function keylessSigner(
  name: string,
  sigstore: LocalSigstore,
  identity: Partial<WorkflowIdentity> = {},
  witnesses: Witnesses = { log: true, timestamp: false },
): TestSigner<KeylessSigner> {
  const whole = workflowIdentity(identity);
  const { url } = sigstore;
  return {
    trust: {
      kind: 'keyless',
      name,
      trustedRoot: sigstore.trustedRoot,
      thresholds: { log: witnesses.log ? 1 : 0, certificateLog: 1, timestamp: 1 },
      identities: [
        {
          subject: whole.subject,
          issuer: whole.issuer,
          sourceRepositoryId: whole.repositoryId,
          sourceRepositoryOwnerId: whole.ownerId,
          sourceRepository: `https://github.com/${whole.repository}`,
        },
      ],
    },
    sign: (payload, at) =>
      sigstore.atTime(at, () =>
        signPayload(
          payload,
          new FulcioSigner({
            fulcioBaseURL: url,
            identityProvider: { getToken: async () => sigstore.token(whole) },
          }),
          [
            ...(witnesses.log ? [new RekorWitness({ rekorBaseURL: url, entryType: 'dsse' })] : []),
            ...(witnesses.timestamp ? [new TSAWitness({ tsaBaseURL: url })] : []),
          ],
        ),
      ),
  };
}
