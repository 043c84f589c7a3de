import path from 'node:path';
import { type SupplyChainCode, SupplyChainError } from '../supply-chain/error.ts';
import { unpackImage } from '../supply-chain/image/unpack/unpack-image.ts';
import { parseDigest } from '../supply-chain/oci/digest.ts';
import type { UnpackRelease } from '../targets/local/unpacked.ts';
import { TargetError } from '../targets/target.ts';
import { type ImageHost, openImageRepository } from './images.ts';

/** Unpacks images for targets of this machine, from wherever they are. */
export function unpackRelease({ stateDirectory, credentialsFor }: ImageHost): UnpackRelease {
  return async (release, images, signal) => {
    try {
      const repository = await openImageRepository(
        release.artifact.repository,
        stateDirectory,
        credentialsFor,
      );
      const unpacked = await unpackImage(
        repository,
        parseDigest(release.digest),
        { directory: images, platform: null },
        signal,
      );
      const { Env, Entrypoint, Cmd, WorkingDir } = unpacked.config.config ?? {};
      const workingDirectory = WorkingDir === undefined || WorkingDir === '' ? '/' : WorkingDir;
      return {
        image: unpacked.digest,
        directory: unpacked.root,
        record: path.join(path.dirname(unpacked.root), 'tree.jsonl'),
        treeDigest: unpacked.treeDigest,
        words: [...(Entrypoint ?? []), ...(Cmd ?? [])],
        workingDirectory,
        appRoot: workingDirectory,
        env: Object.fromEntries((Env ?? []).map(toPair)),
      };
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
