import { stat } from 'node:fs/promises';
import { SupplyChainError } from '../error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf, type Digest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { readAll } from '../oci/read-all.ts';
import {
  contentOf,
  LARGEST_MANIFEST,
  MOST_REFERRERS,
  type Content,
  type ImageRepository,
  type RawManifest,
} from '../oci/repository.ts';
import { verified } from '../oci/verified.ts';
import { changeIndex, readIndex } from './layout-index.ts';
import { layoutPaths } from './layout-paths.ts';
import { openPlainFile } from './plain-file.ts';
import { writeWhole } from './whole-file.ts';

/** Annotation by which the index of a layout says that an entry has a tag. */
const TAG = 'org.opencontainers.image.ref.name';

/**
 * A repository in a directory: an OCI image layout (version 1.0.0), as skopeo, oras and others read and write it. It is
 * made when something is first put into it. Every file is written whole or not at all, and several processes may write.
 */
export function layoutRepository(name: string, directory: string): ImageRepository {
  const paths = layoutPaths(directory);

  async function* blob(descriptor: Descriptor, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const file = paths.blob(descriptor.digest);
    if ((await sizeOf(file)) === null) throw notFound(name, descriptor.digest);
    await using handle = await openPlainFile(file);
    signal?.throwIfAborted();
    yield* verified(until(signal, handle.createReadStream({ autoClose: false })), descriptor);
  }

  async function read(entry: Descriptor, signal?: AbortSignal): Promise<RawManifest> {
    const { digest, mediaType } = entry;
    return { digest, mediaType, bytes: await readAll(blob(entry, signal), LARGEST_MANIFEST, digest) };
  }

  async function putBlob(content: Content): Promise<void> {
    const file = paths.blob(content.digest);
    if ((await sizeOf(file)) === content.size) return;
    await writeWhole(file, paths.unfinished, verified(content.open(), content));
  }

  return {
    name,
    blob,
    putBlob,
    async resolve(tag) {
      const tagged = (await readIndex(paths)).find((entry) => tagOf(entry) === tag);
      if (tagged === undefined) throw notFound(name, `tag ${tag}`);
      return tagged.digest;
    },
    async tags() {
      return (await readIndex(paths)).flatMap((entry) => tagOf(entry) ?? []).toSorted();
    },
    async manifest(digest, signal) {
      const entry = (await readIndex(paths)).find((known) => known.digest === digest);
      if (entry === undefined) throw notFound(name, digest);
      return read(entry, signal);
    },
    async referrers(subject, signal) {
      const found: Descriptor[] = [];
      for (const entry of await readIndex(paths)) {
        if (entry.artifactType === undefined) continue;
        const manifest = parseManifest(await read(entry, signal));
        if (manifest.subject?.digest === subject) found.push({ ...entry, annotations: manifest.annotations });
        if (found.length > MOST_REFERRERS) throw tooMany(name, subject);
      }
      return found;
    },
    async putManifest(bytes, mediaType, tag) {
      if (bytes.length > LARGEST_MANIFEST) {
        throw new SupplyChainError(
          'TOO_LARGE',
          `a manifest must not be larger than ${LARGEST_MANIFEST} bytes`,
        );
      }
      const raw = { bytes, mediaType, digest: digestOf(bytes) };
      const entry = entryFor(raw);
      await putBlob(contentOf(bytes, raw.digest));
      await changeIndex(paths, (entries) => withEntry(entries, entry, tag));
      return raw.digest;
    },
  };
}

/** A stream that is given the signal itself fails a second time, unheard, when its file is closed as it is aborted. */
async function* until(
  signal: AbortSignal | undefined,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch {
    return null;
  }
}

function notFound(name: string, what: string): SupplyChainError {
  return new SupplyChainError(
    'NOT_FOUND',
    `there is no ${what} in ${name}: build the image with \`canary build\`, or push it to \`canary registry\``,
  );
}

function tooMany(name: string, subject: Digest): SupplyChainError {
  return new SupplyChainError(
    'TOO_MANY_REFERRERS',
    `more than ${MOST_REFERRERS} manifests refer to ${subject} in ${name}`,
  );
}

function tagOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[TAG];
}

/** What the index says of a manifest. Only what is attached to something has a type of artifact there. */
function entryFor(raw: RawManifest): Descriptor {
  const entry = { mediaType: raw.mediaType, digest: raw.digest, size: raw.bytes.length };
  const manifest = manifestOrIndex(raw);
  if (manifest?.subject === undefined || manifest.subject === null) return entry;
  return { ...entry, artifactType: manifest.artifactType ?? manifest.config.mediaType };
}

/** An index of several platforms is stored as it is: whether it may be used is for others to say. */
function manifestOrIndex(raw: RawManifest) {
  try {
    return parseManifest(raw);
  } catch (error) {
    if (error instanceof SupplyChainError && error.code === 'INDEX_NOT_ALLOWED') return null;
    throw error;
  }
}

/** A tag points to one manifest; one that loses its last tag stays. */
function withEntry(
  entries: readonly Descriptor[],
  entry: Descriptor,
  tag: string | null,
): readonly Descriptor[] {
  const untagged = entries.map((known) => (tag !== null && tagOf(known) === tag ? bare(known) : known));
  const added = tag === null ? entry : { ...entry, annotations: { [TAG]: tag } };
  const unique = new Map([...untagged, added].map((each) => [`${each.digest} ${tagOf(each) ?? ''}`, each]));
  const tagged = new Set(
    [...unique.values()].flatMap((each) => (tagOf(each) === undefined ? [] : each.digest)),
  );
  return [...unique.values()].filter((each) => tagOf(each) !== undefined || !tagged.has(each.digest));
}

function bare({ mediaType, digest, size, artifactType }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(artifactType === undefined ? {} : { artifactType }) };
}
