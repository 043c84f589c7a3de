import path from 'node:path';
import { type SupplyChainCode, SupplyChainError } from '../supply-chain/error.ts';
import { unpackImage, type UnpackedImage } from '../supply-chain/image/unpack/unpack-image.ts';
import { copyImage } from '../supply-chain/layout/copy-image.ts';
import { layoutRepository } from '../supply-chain/layout/layout-repository.ts';
import { type Digest, parseDigest } from '../supply-chain/oci/digest.ts';
import type { ImageRepository } from '../supply-chain/oci/repository.ts';
import { LAYOUT } from '../targets/local/proxy/container/command-lines.ts';
import { setAside } from '../targets/local/set-aside.ts';
import {
  type BringRelease,
  imagePlace,
  type ImageSource,
  type LocalImage,
  type Stored,
  type Unpacked,
} from '../targets/local/unpacked.ts';
import { TargetError } from '../targets/target.ts';
import { type ImageAccess, openImageRepository } from './images.ts';

/** Brings images to targets of this machine, from wherever they are. */
export function imageSource(access: ImageAccess): ImageSource {
  return { unpack: bringBy(access, unpacker()), store: bringBy(access, store) };
}

/** Gives an image that is in the repository its form inside `directory`. */
type Form<Image> = (
  repository: ImageRepository,
  digest: Digest,
  directory: string,
  signal: AbortSignal,
) => Promise<Image>;

/** Remembers what images came to that were unpacked here, so that they need not be unpacked to be compared. */
function unpacker(): Form<Unpacked> {
  const known = new Map<Digest, Digest>();
  return async (repository, digest, directory, signal) => {
    const treeDigest = known.get(digest);
    const options = {
      directory,
      platform: null,
      setAside,
      ...(treeDigest === undefined ? {} : { treeDigest }),
    };
    const unpacked = await unpackImage(repository, digest, options, signal);
    known.set(digest, unpacked.treeDigest);
    return formOf(unpacked);
  };
}

function formOf(unpacked: UnpackedImage): Unpacked {
  const { Env, Entrypoint, Cmd, WorkingDir } = unpacked.config.config ?? {};
  const workingDirectory = WorkingDir === undefined || WorkingDir === '' ? '/' : WorkingDir;
  return {
    kind: 'files',
    image: unpacked.digest,
    directory: unpacked.root,
    record: path.join(path.dirname(unpacked.root), 'tree.jsonl'),
    treeDigest: unpacked.treeDigest,
    words: [...(Entrypoint ?? []), ...(Cmd ?? [])],
    workingDirectory,
    appRoot: workingDirectory,
    env: Object.fromEntries((Env ?? []).map(toPair)),
  };
}

const store: Form<Stored> = async (repository, digest, directory, signal) => {
  const layout = path.resolve(imagePlace(directory, digest), LAYOUT);
  const to = layoutRepository(repository.name, layout);
  const { manifest, config } = await copyImage(repository, to, digest, signal);
  return {
    kind: 'layout',
    image: digest,
    config: manifest.config.digest,
    directory: layout,
    user: config.config?.User ?? '',
  };
};

function bringBy<Image extends LocalImage>(access: ImageAccess, form: Form<Image>): BringRelease<Image> {
  return async ({ digest, artifact }, directory, signal) => {
    try {
      const repository = await openImageRepository(artifact.repository, access);
      return await form(repository, parseDigest(digest), directory, signal);
    } catch (cause) {
      if (!(cause instanceof SupplyChainError) || PASSING.includes(cause.code)) throw cause;
      throw new TargetError('refused', cause.message, { cause });
    }
  };
}

/** What may be otherwise when it is tried again. */
const PASSING: readonly SupplyChainCode[] = ['REGISTRY_UNAVAILABLE', 'NOT_FOUND', 'UNAUTHORIZED'];

function toPair(text: string): [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}
