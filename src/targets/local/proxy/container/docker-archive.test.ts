import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { pipeline } from 'node:stream/promises';
import tar from 'tar-stream';
import { directory } from '../testing/service.ts';
import { layoutIn } from '../testing/layout.ts';
import { dockerArchive } from './docker-archive.ts';

const NAME = 'localhost/canary-f00:0123456789ab';

/** The files of an archive, by their names. */
async function filesIn(archive: AsyncIterable<Uint8Array>): Promise<Readonly<Record<string, string>>> {
  const extract = tar.extract();
  const filled = pipeline(archive, extract);
  const files: Record<string, string> = {};
  for await (const entry of extract) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(chunk);
    files[entry.header.name] = Buffer.concat(chunks).toString();
  }
  await filled;
  return files;
}

describe('the archive for docker', () => {
  it('is a layout with one image, and has the list of parts beside it that older stores read', async (t) => {
    const { stored, blobs } = layoutIn(directory(t), ['one layer', 'another', 'one layer']);
    const {
      'index.json': index,
      'manifest.json': parts,
      ...rest
    } = await filesIn(await dockerArchive(stored, NAME));
    const [one, another] = Object.keys(blobs).slice(2);
    assert.deepEqual(JSON.parse(index ?? ''), {
      schemaVersion: 2,
      manifests: [
        {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          digest: stored.image,
          size: Buffer.byteLength(Object.values(blobs)[0] ?? ''),
          annotations: { 'io.containerd.image.name': NAME },
        },
      ],
    });
    assert.deepEqual(JSON.parse(parts ?? ''), [
      {
        Config: `blobs/${stored.config.replace(':', '/')}`,
        RepoTags: [NAME],
        Layers: [one, another, one],
      },
    ]);
    assert.deepEqual(rest, { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}', ...blobs });
  });

  it('is not made of a layout whose manifest is another one or is missing', async (t) => {
    const { stored } = layoutIn(directory(t), ['one layer']);
    const manifest = path.join(stored.directory, 'blobs', stored.image.replace(':', '/'));
    writeFileSync(manifest, '{}');
    await assert.rejects(dockerArchive(stored, NAME), /^ImageRefused: its image in .* was changed \(sha256/);
    rmSync(manifest);
    await assert.rejects(dockerArchive(stored, NAME), /^ImageRefused: .*ENOENT.*; remove that directory/);
  });

  it('is not made of a layout from which a layer is missing', async (t) => {
    const { stored, blobs } = layoutIn(directory(t), ['one layer']);
    rmSync(path.join(stored.directory, Object.keys(blobs).at(-1) ?? ''));
    await assert.rejects(dockerArchive(stored, NAME), /^ImageRefused: .*ENOENT/);
  });
});
