import path from 'node:path';
import { loadConfig, type LoadedConfig } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import { stateDirectory } from '../../config/resolve.ts';
import { readService } from '../../supply-chain/image/build/service.ts';
import {
  BUILT_IN,
  isRepositoryName,
  isTag,
  parseReference,
  type Reference,
} from '../../supply-chain/oci/reference.ts';
import { type CommandInput, textOption } from '../command.ts';
import { directoryOf } from './what.ts';

/** Where an image goes. */
export interface Destination {
  readonly stateDirectory: string;
  readonly reference: Reference;
}

/** Where canary keeps its things when no configuration says it. */
const STATE = '.canary';

/** Where the image goes: as the command line says, or to the built-in registry under the name of the service. */
export async function whereToPut(input: CommandInput): Promise<Destination> {
  const loaded = await configIfAny(input);
  const pushed = textOption(input, 'push');
  const reference = pushed === undefined ? await ownReference(input, loaded) : parseReference(pushed);
  if (reference.digest !== null) {
    throw new ConfigError('invalid', `--push ${pushed} names a digest, which only the build can tell.`);
  }
  return {
    stateDirectory: loaded === null ? path.join(input.directory, STATE) : stateDirectory(loaded),
    reference: { ...reference, tag: reference.tag ?? versionTag(input) },
  };
}

/** An image can be built before there is a configuration. */
async function configIfAny(input: CommandInput): Promise<LoadedConfig | null> {
  const file = textOption(input, 'config');
  try {
    return await loadConfig(input.directory, file);
  } catch (error) {
    if (error instanceof ConfigError && error.code === 'not-found' && file === undefined) return null;
    throw error;
  }
}

async function ownReference(input: CommandInput, loaded: LoadedConfig | null): Promise<Reference> {
  const directory = directoryOf(input);
  const name = loaded?.config.service ?? (await readService(directory)).name ?? path.basename(directory);
  const repository = name.replace(/^@/, '').toLowerCase();
  if (isRepositoryName(repository)) return { registry: BUILT_IN, repository, tag: null, digest: null };
  throw new ConfigError(
    'invalid',
    `"${name}" cannot be the name of a repository; give one with --push ${BUILT_IN}/name.`,
  );
}

/** A version with a plus sign cannot be a tag. */
function versionTag(input: CommandInput): string | null {
  const version = textOption(input, 'version');
  return version !== undefined && isTag(version) ? version : null;
}
