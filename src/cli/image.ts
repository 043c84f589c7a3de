import path from 'node:path';
import { type ImageAccess, openImageRepository } from '../compose.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import type { KnownImage } from '../config/resolve.ts';
import { stateDirectory, USUAL_STATE } from '../config/state-directory.ts';
import { SupplyChainError } from '../supply-chain/error.ts';
import { type Digest, parseDigest } from '../supply-chain/oci/digest.ts';
import { parseReference, type Reference, repositoryName } from '../supply-chain/oci/reference.ts';
import type { ImageRepository } from '../supply-chain/oci/repository.ts';
import { type CommandInput, textOption } from './command.ts';
import { registryCredentials } from './registry-credentials.ts';

/** Where the state is, and how single registries are used. */
export type ImagePlace = Omit<ImageAccess, 'credentialsFor'>;

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
  const place = await findPlace(input);
  return { ...(await namedImage(input.args[0] ?? '', place)), stateDirectory: place.stateDirectory };
}

/** The image that was named, by digest or by tag. */
async function namedImage(text: string, place: ImagePlace): Promise<Omit<OpenedImage, 'stateDirectory'>> {
  const reference = typedReference(text);
  const repository = await openRepository(repositoryName(reference), place);
  const digest = reference.digest ?? (await repository.resolve(tagOf(reference)));
  return { repository, digest };
}

/** No tag is taken for granted: `latest` is whatever somebody pushed last. */
function tagOf({ tag, ...reference }: Reference): string {
  if (tag !== null) return tag;
  const name = repositoryName(reference);
  throw new ConfigError('invalid', `Say which image of ${name} is meant: ${name}:1.0.0 or ${name}@sha256:….`);
}

/** Reads the name of an image as it was typed. */
export function typedReference(text: string): Reference {
  try {
    return parseReference(text);
  } catch (cause) {
    if (!(cause instanceof SupplyChainError)) throw cause;
    throw new ConfigError('invalid', `${cause.message}.`, [], { cause });
  }
}

/** Opens a repository, logging in as whoever runs the command does with docker. */
export function openRepository(
  name: string,
  { stateDirectory: directory, registries }: ImagePlace,
): Promise<ImageRepository> {
  return openImageRepository(name, {
    stateDirectory: directory,
    registries,
    credentialsFor: registryCredentials(),
  });
}

async function findPlace(input: CommandInput): Promise<ImagePlace> {
  return imagePlace(input, await configIfAny(input));
}

/** Where images are, as the configuration says, if there is one. */
export function imagePlace({ directory }: CommandInput, loaded: LoadedConfig | null): ImagePlace {
  if (loaded === null) return { stateDirectory: path.join(directory, USUAL_STATE), registries: {} };
  return { stateDirectory: stateDirectory(loaded), registries: loaded.config.registries };
}

/** Images can be built and signed before there is a configuration. */
export async function configIfAny(input: CommandInput): Promise<LoadedConfig | null> {
  const file = textOption(input, 'config');
  try {
    return await loadConfig(input.directory, file);
  } catch (error) {
    if (error instanceof ConfigError && error.code === 'not-found' && file === undefined) return null;
    throw error;
  }
}

/**
 * The image that a person wants to deploy, which has to be named by its digest: a tag may be moved at any time. Says which
 * digest the tag has now.
 */
export async function imageToDeploy(text: string, place: ImagePlace): Promise<KnownImage> {
  const { repository, digest } = await namedImage(text, place);
  if (typedReference(text).digest !== null) return knownImage(repository.name, digest, place);
  throw new ConfigError(
    'invalid',
    `${text} names an image by a tag, and a tag may be moved at any time. Now it is this one: --image ${repository.name}@${digest}`,
  );
}

/** What is known of an image of that name. Rejects when it is not there, or is none. */
export async function knownImage(name: string, digest: string, place: ImagePlace): Promise<KnownImage> {
  const { inspectImage } = await import('../supply-chain/image/inspect-image.ts');
  const repository = await openRepository(name, place);
  const { manifest } = await inspectImage(repository, parseDigest(digest), null);
  const version = manifest.annotations?.['org.opencontainers.image.version'] ?? null;
  return { repository: repository.name, digest, version };
}
