import { openImageRepository } from '../compose.ts';
import { ConfigError } from '../config/problems.ts';
import type { KnownImage } from '../config/resolve.ts';
import { SupplyChainError } from '../supply-chain/error.ts';
import { inspectImage } from '../supply-chain/image/inspect-image.ts';
import { type Digest, parseDigest } from '../supply-chain/oci/digest.ts';
import { parseReference, type Reference, repositoryName } from '../supply-chain/oci/reference.ts';
import type { ImageRepository } from '../supply-chain/oci/repository.ts';
import { registryCredentials } from './registry-credentials.ts';

/** One image in its repository. */
export interface NamedImage {
  readonly repository: ImageRepository;
  readonly digest: Digest;
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

/** The image that a person named, by digest or by tag; without either, by the tag `latest`. */
export async function namedImage(text: string, stateDirectory: string): Promise<NamedImage> {
  const reference = typedReference(text);
  const repository = await openRepository(repositoryName(reference), stateDirectory);
  const digest = reference.digest ?? (await repository.resolve(reference.tag ?? 'latest'));
  return { repository, digest };
}

/**
 * The image that a person wants to deploy, which has to be named by its digest: a tag may be moved at any time. Says which
 * digest the tag has now.
 */
export async function imageToDeploy(text: string, stateDirectory: string): Promise<KnownImage> {
  const found = await namedImage(text, stateDirectory);
  if (typedReference(text).digest === null) {
    throw new ConfigError(
      'invalid',
      `${text} names an image by a tag, and a tag may be moved at any time. Now it is this one: --image ${sayImage(found)}`,
    );
  }
  return knownImage(found.repository.name, found.digest, stateDirectory);
}

/** What is known of an image of that name. Rejects when it is not there, or is none. */
export async function knownImage(name: string, digest: string, stateDirectory: string): Promise<KnownImage> {
  const repository = await openRepository(name, stateDirectory);
  const { manifest } = await inspectImage(repository, parseDigest(digest), null);
  const version = manifest.annotations?.['org.opencontainers.image.version'] ?? null;
  return { repository: repository.name, digest, version };
}

/** Opens a repository, logging in as whoever runs the command does with docker. */
export function openRepository(name: string, stateDirectory: string): Promise<ImageRepository> {
  return openImageRepository(name, stateDirectory, registryCredentials());
}

/** Repository and digest, as they are given to `deploy`. */
export function sayImage({ repository, digest }: NamedImage): string {
  return `${repository.name}@${digest}`;
}
