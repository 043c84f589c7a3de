import path from 'node:path';
import { systemClock } from '../../clock/system-clock.ts';
import { ConfigError } from '../../config/problems.ts';
import { isReleaseName, RELEASE_NAME_RULE } from '../../config/release-name.ts';
import { localProvenance } from '../../supply-chain/attestations/local-provenance.ts';
import { PREDICATE_TYPES } from '../../supply-chain/attestations/predicate-types.ts';
import type { Base } from '../../supply-chain/image/build/base.ts';
import { buildImage, type BuildOptions, NOBODY } from '../../supply-chain/image/build/build-image.ts';
import { readService } from '../../supply-chain/image/build/service.ts';
import { parsePlatform, type Platform, platformOf } from '../../supply-chain/image/platform.ts';
import { BUILT_IN, repositoryName } from '../../supply-chain/oci/reference.ts';
import { VERSION } from '../../version.ts';
import { attach, isToBeAttached } from '../attach.ts';
import { type CommandInput, type CommandRun, listOption, textOption } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { findState, openRepository, typedReference } from '../image.ts';
import { paint, table } from '../view/format.ts';

/** Builds the image of a service, stores it, and attaches to it how it was built. */
export const run: CommandRun = async (input) => {
  const { output } = input;
  const clock = systemClock();
  const state = await findState(input);
  const directory = path.resolve(input.directory, input.args[0] ?? '.');
  const place = await placeOf(input, directory);
  const repository = await openRepository(place.repository, state);
  const base = await baseOf(input, state);
  const options = optionsOf(input, { directory, base, tag: place.tag });
  const startedAt = clock.now();
  const built = await buildImage(options, repository, {
    scratch: path.join(state, 'unfinished'),
    onProgress: progress(input),
  });
  const image = { repository, digest: built.digest, stateDirectory: state };
  const name = `${repository.name}@${built.digest}`;
  output.line(paint('bold', name));
  const rows = built.layers.map(({ kind, digest, size }) => [`  ${kind}`, sayBytes(size), digest]);
  output.line(table(rows));
  const predicate = localProvenance({
    toolVersion: VERSION,
    startedAt,
    finishedAt: clock.now(),
    base: base.kind === 'image' ? { name: base.repository.name, digest: base.digest } : null,
    parameters: parametersOf(options),
  });
  const attached = isToBeAttached(input)
    ? await attach(input, image, { predicateType: PREDICATE_TYPES.provenance, predicate })
    : null;
  output.json({ image: name, ...built, tag: place.tag, attached });
  return EXIT_CODES.done;
};

/** Where the image goes: as --push says, else into the built-in registry under the name of the service. */
async function placeOf(input: CommandInput, directory: string) {
  const push = textOption(input, 'push');
  const release = textOption(input, 'release') ?? null;
  if (push !== undefined) {
    const reference = typedReference(push);
    if (reference.digest !== null) {
      throw new ConfigError(
        'invalid',
        '--push takes a repository and perhaps a tag; the digest is what comes out.',
      );
    }
    return { repository: repositoryName(reference), tag: reference.tag ?? release };
  }
  const { name, version } = await readService(directory);
  const repository = (name ?? path.basename(directory)).replace(/^@[^/]*\//, '').toLowerCase();
  return { repository: `${BUILT_IN}/${repository}`, tag: release ?? version };
}

async function baseOf(input: CommandInput, state: string): Promise<Base> {
  const [image, rootfs] = [textOption(input, 'base'), textOption(input, 'rootfs')];
  if (image !== undefined && rootfs !== undefined) {
    throw new ConfigError('invalid', 'Build upon one of --base and --rootfs.');
  }
  if (rootfs !== undefined) return { kind: 'rootfs', path: path.resolve(input.directory, rootfs) };
  if (image === undefined) return { kind: 'none' };
  const reference = typedReference(image);
  if (reference.digest === null) {
    throw new ConfigError(
      'invalid',
      `--base takes an image by its digest, not ${image}: a tag may be moved at any time.`,
    );
  }
  return {
    kind: 'image',
    repository: await openRepository(repositoryName(reference), state),
    digest: reference.digest,
  };
}

function optionsOf(
  input: CommandInput,
  { directory, base, tag }: Pick<BuildOptions, 'directory' | 'base' | 'tag'>,
): BuildOptions {
  const release = textOption(input, 'release') ?? null;
  if (release !== null && !isReleaseName(release)) {
    throw new ConfigError('invalid', `--release: the name of a release ${RELEASE_NAME_RULE}.`);
  }
  const entrypoint = textOption(input, 'entrypoint');
  return {
    directory,
    base,
    tag,
    platform: wantedPlatform(input),
    node: textOption(input, 'node') ?? null,
    entrypoint: entrypoint === undefined ? null : entrypoint.split(/\s+/).filter((word) => word !== ''),
    epoch: epochOf(input),
    version: release,
    source: textOption(input, 'source') ?? null,
    revision: textOption(input, 'revision') ?? null,
    environment: variablesOf(input),
    labels: {},
    port: 8080,
    user: NOBODY,
  };
}

function wantedPlatform(input: CommandInput): Platform {
  const said = textOption(input, 'platform');
  return said === undefined ? (platformOf(process.arch) ?? 'linux/amd64') : parsePlatform(said);
}

/** The time that everything in the image gets. */
function epochOf(input: CommandInput): number {
  const said = textOption(input, 'sourceDateEpoch') ?? process.env['SOURCE_DATE_EPOCH'] ?? '0';
  if (/^\d{1,10}$/.test(said)) return Number(said);
  throw new ConfigError('invalid', `SOURCE_DATE_EPOCH must be whole seconds since 1970, not "${said}".`);
}

function variablesOf(input: CommandInput): Readonly<Record<string, string>> {
  const pairs = listOption(input, 'setEnv').map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new ConfigError('invalid', `--set-env takes NAME=value, not "${pair}".`);
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return Object.fromEntries(pairs);
}

/** A line for each part of the image when it begins to be written. */
function progress({ output }: CommandInput): (layer: string, done: number) => void {
  const begun = new Set<string>();
  return (layer) => {
    if (begun.has(layer)) return;
    begun.add(layer);
    output.line(paint('dim', `writing the layer ${layer}…`));
  };
}

function parametersOf({ platform, entrypoint, epoch, version, source, revision, user }: BuildOptions) {
  return { platform, entrypoint, sourceDateEpoch: epoch, version, source, revision, user };
}

function sayBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
