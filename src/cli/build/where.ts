import path from 'node:path';
import type { LoadedConfig } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import { stateDirectory, USUAL_STATE } from '../../config/state-directory.ts';
import { readService } from '../../supply-chain/image/build/service.ts';
import { BUILT_IN, isRepositoryName, isTag, type Reference } from '../../supply-chain/oci/reference.ts';
import { type CommandInput, textOption } from '../command.ts';
import { configIfAny, typedReference } from '../image.ts';
import { directoryOf } from './what.ts';

/** Where an image goes. */
export interface Destination {
  readonly stateDirectory: string;
  readonly reference: Reference;
}

/** Where the image goes: as the command line says, or to the built-in registry under the name of the service. */
export async function whereToPut(input: CommandInput): Promise<Destination> {
  const loaded = await configIfAny(input);
  const pushed = textOption(input, 'push');
  const reference = pushed === undefined ? await ownReference(input, loaded) : typedReference(pushed);
  if (reference.digest !== null) {
    throw new ConfigError('invalid', `--push ${pushed} names a digest, which only the build can tell.`);
  }
  return {
    stateDirectory: loaded === null ? path.join(input.directory, USUAL_STATE) : stateDirectory(loaded),
    reference: { ...reference, tag: reference.tag ?? versionTag(input) },
  };
}

async function ownReference(input: CommandInput, loaded: LoadedConfig | null): Promise<Reference> {
  const directory = directoryOf(input);
  const name = loaded?.config.service ?? (await readService(directory)).name ?? path.basename(directory);
  const repository = name.replace(/^@[^/]*\//, '').toLowerCase();
  if (isRepositoryName(repository)) return { registry: BUILT_IN, repository, tag: null, digest: null };
  throw new ConfigError(
    'invalid',
    `"${name}" cannot be the name of a repository; give one with --push ${BUILT_IN}/name.`,
  );
}

/** A version with a plus sign cannot be a tag. */
function versionTag(input: CommandInput): string | null {
  const version = textOption(input, 'release');
  return version !== undefined && isTag(version) ? version : null;
}
