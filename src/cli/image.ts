import os from 'node:os';
import path from 'node:path';
import { openImageRepository } from '../compose.ts';
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { stateDirectory } from '../config/resolve.ts';
import { SupplyChainError } from '../supply-chain/error.ts';
import type { Digest } from '../supply-chain/oci/digest.ts';
import { parseReference, type Reference, repositoryName } from '../supply-chain/oci/reference.ts';
import type { ImageRepository } from '../supply-chain/oci/repository.ts';
import { dockerCredentials } from '../supply-chain/registry/client/docker-config.ts';
import { type CommandInput, textOption } from './command.ts';

/** The image that a command is about. */
export interface OpenedImage {
  readonly repository: ImageRepository;
  /** What it is now, if a tag was given. */
  readonly digest: Digest;
  /** Where keys and advisories are. */
  readonly stateDirectory: string;
}

/**
 * Finds the image that the first argument of a command names, by its tag or digest. Needs no configuration: without one
 * the state is in `.canary`.
 */
export async function openImage(input: CommandInput): Promise<OpenedImage> {
  const reference = referenceOf(input);
  const state = await findState(input);
  const credentials = dockerCredentials(process.env, os.homedir());
  const repository = await openImageRepository(repositoryName(reference), state, credentials);
  const digest = reference.digest ?? (await repository.resolve(tagOf(reference)));
  return { repository, digest, stateDirectory: state };
}

function referenceOf({ args }: CommandInput): Reference {
  try {
    return parseReference(args[0] ?? '');
  } catch (error) {
    if (!(error instanceof SupplyChainError)) throw error;
    throw new ConfigError('invalid', `${error.message}.`, [], { cause: error });
  }
}

/** No tag is taken for granted: `latest` is whatever somebody pushed last. */
function tagOf({ tag, ...reference }: Reference): string {
  if (tag !== null) return tag;
  const name = repositoryName(reference);
  throw new ConfigError('invalid', `Say which image of ${name} is meant: ${name}:1.0.0 or ${name}@sha256:….`);
}

async function findState(input: CommandInput): Promise<string> {
  try {
    return stateDirectory(await loadConfig(input.directory, textOption(input, 'config')));
  } catch (error) {
    const isWithout = error instanceof ConfigError && error.code === 'not-found';
    if (!isWithout || textOption(input, 'config') !== undefined) throw error;
    return path.join(input.directory, '.canary');
  }
}
