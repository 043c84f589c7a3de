import path from 'node:path';
import { systemClock } from '../../clock/system-clock.ts';
import { openImageRepository } from '../../compose.ts';
import { buildImage } from '../../supply-chain/image/build/build-image.ts';
import type { BuiltImage, LayerKind } from '../../supply-chain/image/build/store-image.ts';
import { repositoryName } from '../../supply-chain/oci/reference.ts';
import { whatToBuild } from '../build/what.ts';
import { whereToPut, type Destination } from '../build/where.ts';
import type { CommandInput, CommandRun } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { onInterrupt } from '../interrupt.ts';
import type { Output } from '../output.ts';

/** Directory, in that of the state, where layers lie while they are built. */
const SCRATCH = 'building';

/** Milliseconds between two lines about a layer that takes long. */
const TELL_EVERY = 2000;

/** Builds the image of a service and puts it into a repository. */
export const run: CommandRun = async (input) => {
  const destination = await whereToPut(input);
  const options = await whatToBuild(input, destination.stateDirectory);
  const repository = await openImageRepository(destination.reference, destination.stateDirectory);
  const stop = new AbortController();
  const interrupt = onInterrupt(async () => stop.abort());
  try {
    const built = await buildImage({ ...options, tag: destination.reference.tag }, repository, {
      scratch: path.join(destination.stateDirectory, SCRATCH),
      signal: stop.signal,
      onProgress: progressLines(input.output),
    });
    tell(input, destination, built);
    return EXIT_CODES.done;
  } catch (error) {
    if (stop.signal.aborted) return EXIT_CODES.interrupted;
    throw error;
  } finally {
    interrupt.stop();
  }
};

function progressLines(output: Output): (layer: LayerKind, done: number) => void {
  let elapsed = systemClock().stopwatch();
  return (layer, done) => {
    if (elapsed() < TELL_EVERY) return;
    elapsed = systemClock().stopwatch();
    output.line(`  ${layer}: ${sayBytes(done)} …`);
  };
}

function tell({ output }: CommandInput, { reference }: Destination, built: BuiltImage): void {
  const repository = repositoryName(reference);
  const named = `${repository}@${built.digest}`;
  output.json({ reference: named, repository, tag: reference.tag, ...built });
  for (const { kind, digest, size } of built.layers) {
    output.line(`  ${kind.padEnd(12)}  ${digest.slice(0, 19)}  ${sayBytes(size)}`);
  }
  const tag = reference.tag === null ? '' : `, tagged ${reference.tag}`;
  output.line(`Built for ${built.platform}: ${sayBytes(built.size)}${tag}.`);
  output.line(named);
}

function sayBytes(bytes: number): string {
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
