import path from 'node:path';
import { systemClock } from '../../clock/system-clock.ts';
import { makeStateDirectory } from '../../config/state-directory.ts';
import { localProvenance } from '../../supply-chain/attestations/local-provenance.ts';
import { PREDICATE_TYPES } from '../../supply-chain/attestations/predicate-types.ts';
import { type Build, buildImage, type BuildOptions } from '../../supply-chain/image/build/build-image.ts';
import type { LayerKind } from '../../supply-chain/image/build/store-image.ts';
import { type Checkout, readCheckout } from '../../supply-chain/image/source/checkout.ts';
import type { SourceState } from '../../supply-chain/image/source/source-state.ts';
import { repositoryAddress } from '../../supply-chain/attestations/repository-address.ts';
import { repositoryName } from '../../supply-chain/oci/reference.ts';
import type { ImageRepository } from '../../supply-chain/oci/repository.ts';
import type { AttachedBundle } from '../../supply-chain/signing/attach-bundle.ts';
import { VERSION } from '../../version.ts';
import { attach, isToBeAttached } from '../attach.ts';
import { whatToBuild } from '../build/what.ts';
import { whereToPut, type Destination } from '../build/where.ts';
import type { CommandInput, CommandRun } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { openRepository } from '../image.ts';
import { onInterrupt } from '../interrupt.ts';
import type { Output } from '../output.ts';
import { paint } from '../view/format.ts';

/** Directory, in that of the state, where layers lie while they are built. */
const SCRATCH = 'building';

/** Milliseconds between two lines about a layer that takes long. */
const TELL_EVERY = 2000;

/** Builds the image of a service, puts it into a repository, and attaches to it how it was built. */
export const run: CommandRun = async (input) => {
  const destination = await whereToPut(input);
  const { stateDirectory, reference } = destination;
  const options = { ...(await whatToBuild(input, destination)), tag: reference.tag };
  const repository = await openRepository(repositoryName(reference), destination);
  const clock = systemClock();
  const startedAt = clock.now();
  const built = await buildOrStop(input, destination, options, repository);
  if (built === null) return EXIT_CODES.interrupted;
  const image = { repository, digest: built.digest, stateDirectory };
  const times = { startedAt, finishedAt: clock.now() };
  const said = { predicateType: PREDICATE_TYPES.provenance, predicate: provenanceOf(options, built, times) };
  const attached = isToBeAttached(input) ? await attach(input, image, said) : null;
  // The last line is the name that it is deployed by.
  tell(input, destination, built);
  tellProgram(input, destination, built, attached);
  return EXIT_CODES.done;
};

/** Null when a person stopped it. */
async function buildOrStop(
  input: CommandInput,
  { stateDirectory }: Destination,
  options: BuildOptions,
  repository: ImageRepository,
): Promise<Build | null> {
  makeStateDirectory(stateDirectory);
  const stop = new AbortController();
  const interrupt = onInterrupt(async () => stop.abort());
  try {
    const { signal } = stop;
    const checkout = await checkoutOf(options, signal);
    return await buildImage(options, repository, {
      scratch: path.join(stateDirectory, SCRATCH),
      signal,
      checkout,
      onProgress: progressLines(input.output),
    });
  } catch (error) {
    if (stop.signal.aborted) return null;
    throw error;
  } finally {
    interrupt.stop();
  }
}

/** Where the source is kept, the command line knows better than whoever has cloned it. */
async function checkoutOf(
  { directory, source }: BuildOptions,
  signal: AbortSignal,
): Promise<Checkout | null> {
  const checkout = await readCheckout({ directory, environment: process.env, signal });
  if (checkout === null) return null;
  return { ...checkout, repository: repositoryAddress(source ?? '') ?? checkout.repository };
}

function provenanceOf(
  options: BuildOptions,
  { ingredients }: Build,
  times: { startedAt: number; finishedAt: number },
) {
  const { base, platform, entrypoint, epoch, version, source, revision, user, port } = options;
  return localProvenance({
    toolVersion: VERSION,
    ...times,
    base: base.kind === 'image' ? { name: base.repository.name, digest: base.digest } : null,
    ingredients,
    parameters: { platform, entrypoint, sourceDateEpoch: epoch, version, source, revision, user, port },
  });
}

function progressLines(output: Output): (layer: LayerKind, done: number) => void {
  let elapsed = systemClock().stopwatch();
  return (layer, done) => {
    if (elapsed() < TELL_EVERY) return;
    elapsed = systemClock().stopwatch();
    output.line(`  ${layer}: ${sayBytes(done)} …`);
  };
}

function nameOf({ reference }: Destination, { digest }: Build): string {
  return `${repositoryName(reference)}@${digest}`;
}

function tell({ output }: CommandInput, destination: Destination, built: Build): void {
  for (const { kind, digest, size } of built.layers) {
    output.line(`  ${kind.padEnd(12)}  ${digest.slice(0, 19)}  ${sayBytes(size)}`);
  }
  const { source } = built.ingredients;
  if (source !== null) output.line(saySource(source));
  const { tag } = destination.reference;
  output.line(
    `Built for ${built.platform}: ${sayBytes(built.size)}${tag === null ? '' : `, tagged ${tag}`}.`,
  );
  output.line(paint('bold', nameOf(destination, built)));
}

function tellProgram(
  { output }: CommandInput,
  destination: Destination,
  built: Build,
  attached: AttachedBundle | null,
): void {
  const repository = repositoryName(destination.reference);
  const image = nameOf(destination, built);
  output.json({ image, repository, tag: destination.reference.tag, ...built, attached });
}

/** Files that are named when they are not as they were committed. */
const MOST_NAMED = 3;

function saySource({ commit, repository, changed, generated }: SourceState): string {
  const from = `commit ${commit.slice(0, 12)}${repository === null ? '' : ` of ${repository}`}`;
  const compiled = generated.length === 0 ? '' : `, with ${sayFiles(generated)} that git ignores`;
  if (changed.length === 0) return `Source: ${from}${compiled}.`;
  const named = changed.slice(0, MOST_NAMED).join(', ');
  const more = changed.length > MOST_NAMED ? ', …' : '';
  return `Source: changed since ${from}: ${sayFiles(changed)} (${named}${more})${compiled}.`;
}

function sayFiles({ length }: readonly string[]): string {
  return `${length} ${length === 1 ? 'file' : 'files'}`;
}

function sayBytes(bytes: number): string {
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
