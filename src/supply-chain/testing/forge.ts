import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { statementAbout, type Statement } from '../attestations/statement.ts';
import { layoutRepository } from '../layout/layout-repository.ts';
import { digestOf, type Digest } from '../oci/digest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import { contentOf, type ImageRepository } from '../oci/repository.ts';
import { attachBundle, type AttachedBundle } from '../signing/attach-bundle.ts';
import { localSigning } from '../signing/local-signer.ts';
import { type Signing, signStatement } from '../signing/sign-statement.ts';
import type { KeySigner } from '../verification/trust.ts';

/** Makes images and whatever may be attached to them, honest or not. */
export interface Forge {
  readonly repository: ImageRepository;
  /** An image of one small layer. The same content makes the same image. */
  image(content?: string, platform?: { readonly os: string; readonly architecture: string }): Promise<Digest>;
  /** Signs a statement about the image, and attaches it. `change` may make another statement of it before. */
  attest(image: Digest, said: Said, signing: Signing): Promise<AttachedBundle>;
  /** Attaches bytes that may be a bundle or anything else. */
  attach(image: Digest, bytes: Buffer, predicateType?: string): Promise<AttachedBundle>;
}

/** What is said about an image. */
export interface Said {
  readonly predicateType: string;
  readonly predicate?: unknown;
  readonly change?: (statement: Statement) => Statement;
}

/** A forge with a repository in a directory, which is cleared away after the test. */
export function forge(test: TestContext, name = 'registry/podinfo'): Forge {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-forge-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return forgeIn(layoutRepository(name, path.join(directory, 'podinfo')));
}

/** A forge that puts everything into that repository. */
export function forgeIn(repository: ImageRepository): Forge {
  const attach: Forge['attach'] = (image, bytes, predicateType = 'unknown') =>
    attachBundle(repository, image, { bytes, predicateType });

  async function put(bytes: Buffer, mediaType: string) {
    const digest = digestOf(bytes);
    await repository.putBlob(contentOf(bytes, digest));
    return { mediaType, digest, size: bytes.length };
  }

  return {
    repository,
    attach,
    async image(content = 'podinfo', { os: system, architecture } = { os: 'linux', architecture: 'amd64' }) {
      const layer = await put(Buffer.from(content), MEDIA_TYPES.layer);
      const rootfs = { type: 'layers', diff_ids: [layer.digest] };
      const config = { architecture, os: system, config: {}, rootfs };
      const document = {
        schemaVersion: 2,
        mediaType: MEDIA_TYPES.manifest,
        config: await put(Buffer.from(JSON.stringify(config)), MEDIA_TYPES.config),
        layers: [layer],
      };
      return repository.putManifest(Buffer.from(JSON.stringify(document)), MEDIA_TYPES.manifest, null);
    },
    async attest(image, { predicateType, predicate = {}, change = (same) => same }, signing) {
      const about = { repository: repository.name, digest: image };
      const statement = change(statementAbout(about, predicateType, predicate));
      return attach(image, await signStatement(statement, signing), statement.predicateType);
    },
  };
}

/** Somebody with a key, and how others come to trust that key under a name. */
export interface KeyHolder {
  readonly signing: Signing;
  trustedAs(name: string, window?: { readonly from?: number; readonly until?: number }): KeySigner;
}

export function keyHolder(): KeyHolder {
  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return {
    signing: localSigning(pair),
    trustedAs: (
      name,
      { from = null, until = null }: { from?: number | null; until?: number | null } = {},
    ) => ({
      kind: 'key',
      name,
      keys: [{ publicKey, from, until }],
    }),
  };
}
