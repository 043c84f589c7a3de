import { z } from 'zod';
import { SupplyChainError } from '../../error.ts';
import { descriptor, type Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { MOST_REFERRERS } from '../../oci/repository.ts';
import { pagesOf, unreadable } from './pages.ts';
import type { RegistryClient } from './registry-client.ts';

const page = z.object({ manifests: z.array(z.unknown()).nullish() });

/** A digest of another algorithm than ours: nothing that it names can be read, so it is no evidence. */
const foreign = z.object({ digest: z.string().regex(/^(?!sha256:)[a-z0-9]+(?:[+._-][a-z0-9]+)*:[\w=-]+$/) });

/** What a registry answers that has no such list; the first one is the specification's. */
const NO_LIST: readonly number[] = [404, 405, 501];

/**
 * What refers to the image by the referrers API of OCI distribution 1.1, from all pages; null when the registry does not
 * have it. It is not asked to filter: descriptors name wrong types of artifact often enough.
 */
export async function listedReferrers(
  client: RegistryClient,
  subject: Digest,
  signal?: AbortSignal,
): Promise<readonly Descriptor[] | null> {
  const found = new Map<Digest, Descriptor>();
  const what = `what refers to ${subject}`;
  let isThere = false;
  for await (const document of pagesOf(client, `/referrers/${subject}`, { what, noList: NO_LIST }, signal)) {
    isThere = true;
    for (const entry of entriesOf(client, document, what)) found.set(entry.digest, entry);
    if (found.size > MOST_REFERRERS) throw tooMany(client, subject);
  }
  return isThere ? [...found.values()] : null;
}

/** More than anyone attaches in good faith. */
export function tooMany({ name }: RegistryClient, subject: Digest): SupplyChainError {
  return new SupplyChainError(
    'TOO_MANY_REFERRERS',
    `more than ${MOST_REFERRERS} manifests refer to ${subject} in ${name}: remove what nobody needs, and find out who attached it`,
  );
}

function entriesOf(client: RegistryClient, document: unknown, what: string): readonly Descriptor[] {
  try {
    const { manifests } = page.parse(document);
    return (manifests ?? []).flatMap((entry) =>
      foreign.safeParse(entry).success ? [] : [descriptor.parse(entry)],
    );
  } catch (cause) {
    throw unreadable(client, what, 'it is not a list of descriptors', cause);
  }
}
