import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { pack, type Header } from 'tar-stream';
import { layoutRepository } from '../../layout/layout-repository.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { digestOf, type Digest } from '../../oci/digest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { contentOf, type ImageRepository } from '../../oci/repository.ts';

/** One entry of a layer: the content of a file, a directory, or anything else by its header. */
export type LayerFile = readonly [name: string, content: string | Buffer | null | Partial<Header>];

/** A repository in a directory of its own, which is gone after the test. */
export async function temporaryRepository(
  test: TestContext,
  name = 'registry/shop',
): Promise<ImageRepository> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'canary-sbom-'));
  test.after(() => rm(directory, { recursive: true, force: true }));
  return layoutRepository(name, directory);
}

/** Stores an image of these layers. */
export async function putImage(
  repository: ImageRepository,
  layers: readonly (readonly LayerFile[] | Buffer)[],
  tag: string | null = null,
): Promise<Digest> {
  const stored: Descriptor[] = [];
  const diffIds: Digest[] = [];
  for (const layer of layers) {
    const bytes = Buffer.isBuffer(layer)
      ? layer
      : await promisify(gzip)(await archiveOf(layer), { level: 1 });
    stored.push(await putBlob(repository, bytes, MEDIA_TYPES.layer));
    diffIds.push(digestOf(await archiveIn(bytes)));
  }
  const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } };
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: await putBlob(repository, Buffer.from(JSON.stringify(config)), MEDIA_TYPES.config),
    layers: stored,
  };
  return repository.putManifest(Buffer.from(JSON.stringify(document)), MEDIA_TYPES.manifest, tag);
}

/** What is in a layer, or the layer itself where it is damaged. */
async function archiveIn(layer: Buffer): Promise<Buffer> {
  try {
    return await promisify(gunzip)(layer);
  } catch {
    return layer;
  }
}

/** A tar archive, not compressed. */
export async function archiveOf(files: readonly LayerFile[]): Promise<Buffer> {
  const archive = pack();
  const mtime = new Date(0);
  const chunks: Buffer[] = [];
  const whole = (async () => {
    for await (const chunk of archive) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  })();
  for (const [name, content] of files) {
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error | null) => (error ? reject(error) : resolve());
      if (content === null) archive.entry({ name, type: 'directory', mtime }, done);
      else if (typeof content === 'string' || Buffer.isBuffer(content))
        archive.entry({ name, mtime }, content, done);
      else archive.entry({ name, mtime, ...content }, done);
    });
  }
  archive.finalize();
  await whole;
  return Buffer.concat(chunks);
}

async function putBlob(repository: ImageRepository, bytes: Buffer, mediaType: string): Promise<Descriptor> {
  const digest = digestOf(bytes);
  await repository.putBlob(contentOf(bytes, digest));
  return { mediaType, digest, size: bytes.length };
}
