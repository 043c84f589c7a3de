import { FulcioSigner, type IdentityProvider, RekorWitness, TSAWitness } from '@sigstore/sign';
import type { SigstoreServices } from './sigstore-services.ts';
import type { Signing } from './sign-statement.ts';

/** How long one request may take, and how often and after which waits a service that fails is asked again. */
export interface Patience {
  readonly timeout: number;
  readonly retries: number;
  readonly firstWait: number;
  readonly longestWait: number;
}

/** Waits of 1, 2, 4, … up to 30 s, for about two minutes in all: Sigstore's services have had outages of that length. */
const PATIENCE: Patience = { timeout: 30_000, retries: 8, firstWait: 1_000, longestWait: 30_000 };

/**
 * Signs with a certificate that is made for the identity of a token and is valid for minutes. The token is asked for each
 * time, as it is valid for minutes too.
 */
export function keylessSigning(
  { fulcio, rekor, timestampAuthority }: SigstoreServices,
  identityProvider: IdentityProvider,
  { timeout, retries, firstWait, longestWait }: Patience = PATIENCE,
): Signing {
  const patience = { timeout, retry: { retries, minTimeout: firstWait, maxTimeout: longestWait, factor: 2 } };
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
