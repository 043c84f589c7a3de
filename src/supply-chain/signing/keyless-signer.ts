import { FulcioSigner, type IdentityProvider, RekorWitness, TSAWitness } from '@sigstore/sign';
import type { Signing } from './sign-statement.ts';

/** Services of a Sigstore instance. */
export interface SigstoreServices {
  readonly fulcio: string;
  /** Null where there is no public log, as with GitHub's instance for private repositories. */
  readonly rekor: string | null;
  readonly timestampAuthority: string | null;
}

/** The public instance. */
export const PUBLIC_SIGSTORE: SigstoreServices = {
  fulcio: 'https://fulcio.sigstore.dev',
  rekor: 'https://rekor.sigstore.dev',
  timestampAuthority: null,
};

const ATTEMPTS = 5;
const TIMEOUT_MS = 30_000;

/** Signs with a certificate that is made for the identity of a token and is valid for minutes. Tries again for a while. */
export function keylessSigning(services: SigstoreServices, identityProvider: IdentityProvider): Signing {
  const patience = { retry: ATTEMPTS, timeout: TIMEOUT_MS };
  const { fulcio, rekor, timestampAuthority } = services;
  return {
    signer: new FulcioSigner({ fulcioBaseURL: fulcio, identityProvider, ...patience }),
    witnesses: [
      ...(rekor === null ? [] : [new RekorWitness({ rekorBaseURL: rekor, entryType: 'dsse', ...patience })]),
      ...(timestampAuthority === null
        ? []
        : [new TSAWitness({ tsaBaseURL: timestampAuthority, ...patience })]),
    ],
  };
}
