import { FulcioSigner, type IdentityProvider, RekorWitness, TSAWitness } from '@sigstore/sign';
import { PATIENCE, type Patience } from './patience.ts';
import type { SigstoreServices } from './sigstore-services.ts';
import type { Signing } from './sign-statement.ts';

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
