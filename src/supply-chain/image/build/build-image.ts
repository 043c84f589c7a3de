import path from 'node:path';
import { SupplyChainError } from '../../error.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageRepository } from '../../oci/repository.ts';
import type { Platform } from '../platform.ts';
import { openScratch } from '../scratch.ts';
import type { Checkout } from '../source/checkout.ts';
import { fileIds, sourceState, type SourceState } from '../source/source-state.ts';
import type { OnContent } from './archive.ts';
import { readBaseImage, type Base, type BaseImage } from './base.ts';
import { entrypointOf, NODE } from './entrypoint.ts';
import type { LayerEntry } from './layer-entry.ts';
import { nodeEntries } from './node-binary.ts';
import { rootfsEntries } from './rootfs.ts';
import { findLock, LOCK_FILE, type FoundLock } from './lock-file.ts';
import { dependencyEntries } from './dependencies.ts';
import { readService, type Service } from './service.ts';
import { readSource, type Source } from './source-entries.ts';
import { storeImage, type BuiltImage, type LayerKind, type StorableLayer } from './store-image.ts';
import { writeLayer } from './write-layer.ts';

/** What an image is made of. The same things give the same digest. */
export interface BuildOptions {
  /** Directory of the service. */
  readonly directory: string;
  readonly platform: Platform;
  readonly base: Base;
  /** A program of Node.js to put into the image; null if the base has it, or if it is to be run by another one. */
  readonly node: string | null;
  /** How the service is started in its directory; null to find it in package.json. */
  readonly entrypoint: readonly string[] | null;
  /** Time of everything in the image, in whole seconds since 1970 (SOURCE_DATE_EPOCH). */
  readonly epoch: number;
  /** For people and programs that look at the image later; null if unknown. */
  readonly version: string | null;
  readonly source: string | null;
  readonly revision: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Port that the service listens at; null if it is not said. */
  readonly port: number | null;
  /** Who runs the service: a number, as there need be no list of users in an image. */
  readonly user: string;
  /** A tag for it in the repository. */
  readonly tag: string | null;
}

/** How a build is watched and where it works. */
export interface BuildSurroundings {
  /** Directory in which layers lie until they are stored. */
  readonly scratch: string;
  readonly signal?: AbortSignal | undefined;
  /** What is being written, and how many bytes of it are done before compression. */
  readonly onProgress?: (layer: LayerKind, done: number) => void;
  /** What the directory is checked out of; null or left out if that is not known. */
  readonly checkout?: Checkout | null;
}

/** What went into an image beside its base and its options, as it was read when it went in. */
export interface Ingredients {
  /** The lock file of npm that the dependencies were chosen by; null without one. */
  readonly lock: { readonly name: string; readonly digest: Digest } | null;
  /** Null when nothing is known of a checkout. */
  readonly source: SourceState | null;
}

/** An image, and what went into it. */
export interface Build extends BuiltImage {
  readonly ingredients: Ingredients;
}

/** The user that images without a list of users conventionally run as. */
export const NOBODY = '65532';

/** Directory of the service in an image. */
const APP = 'app';

/** Times in tar archives end here, as they are written. */
const LATEST_EPOCH = 2 ** 31 - 1;

/**
 * Builds the image of one platform and stores it. Nothing of the machine, the day or the user gets into it. Throws
 * `UNBUILDABLE`, `WRONG_PLATFORM` (of the base), and what the repositories throw.
 */
export async function buildImage(
  options: BuildOptions,
  repository: ImageRepository,
  surroundings: BuildSurroundings,
): Promise<Build> {
  requirePossible(options);
  const service = await readService(options.directory);
  await using scratch = await openScratch(surroundings.scratch);
  const { signal, checkout = null } = surroundings;
  const base =
    options.base.kind === 'image' ? await readBaseImage(options.base, options.platform, signal) : null;
  const lock = await findLock(service.directory);
  const source = await readSource(service.directory, APP);
  const contents = await contentsOf({ service, lock, source }, options, scratch.directory, signal);
  const ids = checkout === null ? null : fileIds(checkout.commit);
  const entrypoint = entrypointOf({
    words: options.entrypoint ?? service.start,
    node: nodeOf(base),
    app: `/${APP}`,
    has: (file) => source.entries.some((entry) => entry.path === `${APP}/${file}` && entry.kind === 'file'),
  });
  const layers: StorableLayer[] = (base?.layers ?? []).map((layer) => ({ ...layer, kind: 'base' }));
  for (const { kind, entries } of contents) {
    const onContent = kind === 'app' ? ids?.onContent : undefined;
    layers.push(await writeKind({ kind, entries, onContent }, options, surroundings, scratch.directory));
  }
  const ingredients = {
    lock: lock === null ? null : { name: LOCK_FILE, digest: lock.digest },
    source:
      checkout === null || ids === null ? null : await sourceState(checkout, { ...source, at: APP, ids }),
  };
  const stored = await storeImage(
    {
      platform: options.platform,
      created: new Date(options.epoch * 1000),
      layers,
      base,
      entrypoint,
      app: `/${APP}`,
      user: options.user,
      environment: options.environment,
      labels: options.labels,
      port: options.port,
      version: options.version ?? service.version,
      source: options.source,
      revision: options.revision,
    },
    repository,
    { tag: options.tag, signal },
  );
  return { ...stored, ingredients };
}

function requirePossible({ epoch, node, base }: BuildOptions): void {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > LATEST_EPOCH) {
    throw new SupplyChainError(
      'UNBUILDABLE',
      `${epoch} is no time for an image: it must be whole seconds since 1970, up to ${LATEST_EPOCH}`,
    );
  }
  if (node === null || base.kind !== 'none') return;
  throw new SupplyChainError(
    'UNBUILDABLE',
    'Node.js needs the C library of a Linux system beside it: give a base as well, such as an image or a root file system',
  );
}

interface LayerContents {
  readonly kind: LayerKind;
  readonly entries: readonly LayerEntry[];
}

/** What changes least comes first, so that it is stored and pulled once for many versions. */
async function contentsOf(
  {
    service,
    lock,
    source,
  }: { readonly service: Service; readonly lock: FoundLock | null; readonly source: Source },
  { base, node, platform }: BuildOptions,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<readonly LayerContents[]> {
  const all: readonly LayerContents[] = [
    {
      kind: 'rootfs',
      entries: base.kind === 'rootfs' ? await rootfsEntries(base.path, scratch, signal) : [],
    },
    { kind: 'node', entries: node === null ? [] : await nodeEntries(node, platform) },
    { kind: 'dependencies', entries: await dependencyEntries({ service, lock }, platform, APP) },
    { kind: 'app', entries: source.entries },
  ];
  return all.filter(({ entries }) => entries.length > 0);
}

/** A base image that starts Node.js says where it has it. */
function nodeOf(base: BaseImage | null): string {
  const program = base?.config.Entrypoint?.[0];
  return program !== undefined && path.posix.basename(program) === 'node' ? program : `/${NODE}`;
}

async function writeKind(
  { kind, entries, onContent }: LayerContents & { readonly onContent: OnContent | undefined },
  { epoch }: BuildOptions,
  { signal, onProgress = () => {} }: BuildSurroundings,
  scratch: string,
): Promise<StorableLayer> {
  const mtime = new Date(epoch * 1000);
  const layer = await writeLayer(entries, {
    file: path.join(scratch, `${kind}.tar.gz`),
    mtime,
    signal,
    onContent,
    onBytes: (done) => onProgress(kind, done),
  });
  return { ...layer, kind, history: { created: mtime.toISOString(), created_by: `canary build: ${kind}` } };
}
