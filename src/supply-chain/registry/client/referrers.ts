import type { Clock } from '../../../clock/clock.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { MOST_REFERRERS } from '../../oci/repository.ts';
import { addToFallbackIndex, fallbackReferrers } from './fallback-referrers.ts';
import { listedReferrers, tooMany } from './listed-referrers.ts';
import type { RegistryClient } from './registry-client.ts';

/**
 * What refers to the image: by the referrers API and by the fallback tag. A registry with the one may still have the other,
 * from when it did not have it, or by someone who did not find in the list what they had just pushed. Bad news may be in
 * either.
 */
export async function referrersOf(
  client: RegistryClient,
  subject: Digest,
  signal?: AbortSignal,
): Promise<readonly Descriptor[]> {
  const [listed, fallen] = await Promise.all([
    listedReferrers(client, subject, signal),
    fallbackReferrers(client, subject, signal),
  ]);
  const all = new Map([...fallen, ...(listed ?? [])].map((each) => [each.digest, each]));
  if (all.size > MOST_REFERRERS) throw tooMany(client, subject);
  return [...all.values()];
}

/**
 * Sees to it that what was pushed will be found. `OCI-Subject` promises that, but some registries answer it and keep no
 * list: it is believed when the list has the manifest. Otherwise it goes into the index under the fallback tag.
 */
export async function makeFindable(
  client: RegistryClient,
  pushed: { readonly subject: Digest; readonly manifest: Descriptor; readonly knowsSubject: boolean },
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  const { subject, manifest, knowsSubject } = pushed;
  const listed = knowsSubject ? await listedReferrers(client, subject, signal) : null;
  if (listed?.some(({ digest }) => digest === manifest.digest)) return;
  await addToFallbackIndex(client, subject, manifest, clock, signal);
}
