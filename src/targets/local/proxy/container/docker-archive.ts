import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import tar, { type Pack } from 'tar-stream';
import { z } from 'zod';
import type { Stored } from '../../unpacked.ts';
import { ImageRefused } from '../program.ts';

/** The parts of a manifest that say which layers there are. */
const manifest = z.object({
  mediaType: z.string().exactOptional(),
  layers: z.array(z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) })),
});

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
/** Annotation by which containerd names what it is given. */
const NAME = 'io.containerd.image.name';

/**
 * The image in a layout as an archive for `docker load`, under that name. It is an OCI layout, which the containerd image
 * store takes, and has Docker's own list of parts beside it (`manifest.json`, image specification 1.2), which is the one that
 * the classic image store reads. Only the manifest is checked here: the rest is compared with its digests by the engine. Rejects
 * with `ImageRefused` when the layout has not the image.
 */
export async function dockerArchive(
  { image, config, directory }: Stored,
  name: string,
): Promise<AsyncIterable<Uint8Array>> {
  try {
    const { bytes, mediaType, layers } = await manifestIn(directory, image);
    const entry = { mediaType, digest: image, size: bytes.length, annotations: { [NAME]: name } };
    const texts = {
      'oci-layout': { imageLayoutVersion: '1.0.0' },
      'index.json': { schemaVersion: 2, manifests: [entry] },
      'manifest.json': [{ Config: pathOf(config), RepoTags: [name], Layers: layers.map(pathOf) }],
    };
    const files = await Promise.all(
      [...new Set([image, config, ...layers])].map((each) => fileIn(directory, each)),
    );
    return archiveOf(texts, files);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ImageRefused(
      `its image in ${directory} was changed (${why}); remove that directory and deploy again`,
      { cause },
    );
  }
}

async function manifestIn(directory: string, digest: string) {
  const bytes = await readFile(path.join(directory, pathOf(digest)));
  const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (found !== digest) throw new Error(`${digest} is ${found}`);
  const { mediaType = OCI_MANIFEST, layers } = manifest.parse(JSON.parse(bytes.toString('utf8')));
  return { bytes, mediaType, layers: layers.map((layer) => layer.digest) };
}

/** A file of the layout, and of the archive. */
interface LayoutFile {
  readonly name: string;
  readonly path: string;
  readonly size: number;
}

async function fileIn(directory: string, digest: string): Promise<LayoutFile> {
  const name = pathOf(digest);
  const file = path.join(directory, name);
  return { name, path: file, size: (await stat(file)).size };
}

async function* archiveOf(
  texts: Readonly<Record<string, unknown>>,
  files: readonly LayoutFile[],
): AsyncGenerator<Uint8Array> {
  const pack = tar.pack();
  fill(pack, texts, files).catch((error: Error) => pack.destroy(error));
  for await (const chunk of pack) {
    assert(chunk instanceof Uint8Array);
    yield chunk;
  }
}

async function fill(
  pack: Pack,
  texts: Readonly<Record<string, unknown>>,
  files: readonly LayoutFile[],
): Promise<void> {
  for (const [name, value] of Object.entries(texts)) pack.entry({ name }, JSON.stringify(value));
  for (const { name, path: file, size } of files)
    await pipeline(createReadStream(file), pack.entry({ name, size }));
  pack.finalize();
}

/** Where a layout has a blob, and the archive too. */
function pathOf(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}
