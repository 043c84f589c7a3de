import { lookup } from 'node:dns/promises';
import { z } from 'zod';
import type { Clock } from '../../../clock/clock.ts';
import { SupplyChainError } from '../../error.ts';
import { isRepositoryName, isTag, type Reference } from '../../oci/reference.ts';
import { digestOf } from '../../oci/digest.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { LARGEST_MANIFEST, type ImageRepository, type RawManifest } from '../../oci/repository.ts';
import type { CredentialsFor } from './credentials.ts';
import type { Resolve } from './destination.ts';
import { describe } from './fallback-referrers.ts';
import { isFallbackTag } from './fallback-index.ts';
import { LIMITS, type Limits } from './limits.ts';
import { readManifest, readTag, writeManifest } from './manifests.ts';
import { pagesOf, unreadable } from './pages.ts';
import { pullBlob } from './pull-blob.ts';
import { pushBlob } from './push-blob.ts';
import { makeFindable, referrersOf } from './referrers.ts';
import { registryClient, type RegistryClient } from './registry-client.ts';
import { takingTurns } from './turns.ts';

/** What a repository in a registry is used with. */
export interface RegistryOptions {
  readonly credentialsFor: CredentialsFor;
  readonly clock: Clock;
  /** Hosts that the registry may send us to though they are in a private network, such as its object storage. */
  readonly privateHosts?: readonly string[];
  /** Certificates (PEM) that registries are trusted by, instead of those that come with Node.js. */
  readonly certificateAuthorities?: string;
  readonly limits?: Limits;
  /** How host names are looked up: as the operating system does it, if not given. */
  readonly resolve?: Resolve;
}

const MOST_TAGS = 10_000;

/**
 * A repository in a registry that speaks OCI distribution 1.1, 1.0 or that of Docker. Plain HTTP is used for this
 * machine only. Throws `BAD_REFERENCE`; what it does rejects with the codes of `ImageRepository`.
 */
export function registryRepository(
  reference: Pick<Reference, 'registry' | 'repository'>,
  options: RegistryOptions,
): ImageRepository {
  if (!isRepositoryName(reference.repository)) throw badName('repository', reference.repository);
  const client = registryClient(reference, {
    privateHosts: [],
    certificateAuthorities: undefined,
    limits: LIMITS,
    resolve: (hostname) => lookup(hostname, { all: true }),
    ...options,
  });
  const inTurn = takingTurns();

  return {
    name: client.name,
    async resolve(tag, signal) {
      return readTag(client, checkedTag(tag), signal);
    },
    tags: (signal) => readTags(client, signal),
    manifest: (digest, signal) => readManifest(client, digest, signal),
    blob: (descriptor, signal) => pullBlob(client, descriptor, signal),
    referrers: (subject, signal) => referrersOf(client, subject, signal),
    // The same blob is sent once, also when several want it there: docker-registry 2.8 trips over two at a time.
    putBlob: (content, signal) => inTurn(content.digest, () => pushBlob(client, content, signal)),
    async putManifest(bytes, mediaType, tag, signal) {
      if (bytes.length > LARGEST_MANIFEST) throw tooLarge(bytes.length);
      const raw = { bytes, mediaType, digest: digestOf(bytes) };
      const manifest = manifestOrIndex(raw);
      const checked = tag === null ? null : checkedTag(tag);
      const { digest, knowsSubject } = await writeManifest(
        client,
        bytes,
        { mediaType, tag: checked },
        signal,
      );
      const subject = manifest?.subject?.digest;
      if (manifest === null || subject === undefined) return digest;
      const described = describe(manifest, { mediaType, digest, size: bytes.length });
      const pushed = { subject, manifest: described, knowsSubject };
      await inTurn(subject, () => makeFindable(client, pushed, options.clock, signal));
      return digest;
    },
  };
}

const tagPage = z.object({ tags: z.array(z.string().max(128)).nullish() });

/** Tags that somebody gave, in order; none where there is no such repository yet. */
async function readTags(client: RegistryClient, signal?: AbortSignal): Promise<readonly string[]> {
  const found = new Set<string>();
  for await (const page of pagesOf(client, '/tags/list?n=1000', { what: 'tags', noList: [404] }, signal)) {
    const parsed = tagPage.safeParse(page);
    if (!parsed.success) throw unreadable(client, 'tags', 'it is not a list of tags', parsed.error);
    for (const tag of parsed.data.tags ?? []) if (isTag(tag) && !isFallbackTag(tag)) found.add(tag);
    if (found.size > MOST_TAGS) {
      throw new SupplyChainError('TOO_LARGE', `${client.name} has more than ${MOST_TAGS} tags`);
    }
  }
  return [...found].toSorted();
}

/** An index of several platforms is stored as it is, and lists as referring to nothing. */
function manifestOrIndex(raw: RawManifest) {
  try {
    return parseManifest(raw);
  } catch (error) {
    if (error instanceof SupplyChainError && error.code === 'INDEX_NOT_ALLOWED') return null;
    throw error;
  }
}

function checkedTag(tag: string): string {
  if (!isTag(tag)) throw badName('tag', tag);
  return tag;
}

function badName(what: string, text: string): SupplyChainError {
  return new SupplyChainError('BAD_REFERENCE', `"${text.slice(0, 100)}" is not the name of a ${what}`);
}

function tooLarge(size: number): SupplyChainError {
  return new SupplyChainError(
    'TOO_LARGE',
    `the manifest has ${size} bytes, and none may have more than ${LARGEST_MANIFEST}`,
  );
}
