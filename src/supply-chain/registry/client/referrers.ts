import type { Clock } from '../../../clock/clock.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { addToFallbackIndex, fallbackReferrers } from './fallback-referrers.ts';
import { listedReferrers } from './listed-referrers.ts';
import type { RegistryClient } from './registry-client.ts';

/**
 * What refers to the image. A registry with the referrers API lists everything there, also what was pushed before it had
 * it, so a list with entries is taken as whole. An empty one may come from a registry that answers without keeping such
 * a list, so then the fallback tag is looked at too.
 */
export async function referrersOf(
  client: RegistryClient,
  subject: Digest,
  signal?: AbortSignal,
): Promise<readonly Descriptor[]> {
  const listed = await listedReferrers(client, subject, signal);
  return listed === null || listed.length === 0 ? fallbackReferrers(client, subject, signal) : listed;
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
