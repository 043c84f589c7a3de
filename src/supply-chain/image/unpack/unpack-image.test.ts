import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { digestOf, hexOf, type Digest } from '../../oci/digest.ts';
import type { ImageRepository } from '../../oci/repository.ts';
import { temporaryDirectory } from '../testing/directories.ts';
import { archive, emptyRepository, refusal, storeArchives, type HostileEntry } from '../testing/images.ts';
import type { LayerLimits } from '../layers/limits.ts';
import { DEFAULT_LIMITS, unpackImage } from './unpack-image.ts';

type Layer = readonly HostileEntry[];

/** Stores an image of these layers and unpacks it. */
async function unpack(
  test: TestContext,
  layers: readonly Layer[],
  limits: Partial<LayerLimits> = {},
): Promise<string> {
  const repository = emptyRepository(test);
  const digest = await storeArchives(repository, await Promise.all(layers.map((layer) => archive(...layer))));
  const directory = temporaryDirectory(test);
  try {
    return (await unpackImage(repository, digest, options(directory, limits))).root;
  } catch (error) {
    assert.deepEqual(namesIn(directory), ['unfinished'], 'nothing is there that could be taken for an image');
    assert.deepEqual(namesIn(path.join(directory, 'unfinished')), [], 'nothing half-done is left');
    throw error;
  }
}

function options(directory: string, limits: Partial<LayerLimits> = {}) {
  return { directory, platform: null, limits: { ...DEFAULT_LIMITS, ...limits } };
}

function namesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();
}

const HELLO: HostileEntry = { name: 'app/hello.txt', content: 'hello' };

describe('unpacking an image', () => {
  it('makes files, directories and links, for their owner only', async (t) => {
    const root = await unpack(t, [
      [
        { name: './', type: 'directory' },
        { name: 'app/', type: 'directory', mode: 0o777 },
        { name: 'app/run', mode: 0o4755, content: '#!' },
        { name: 'app/data', mode: 0o666, content: 'data' },
        { name: 'app/link', type: 'symlink', linkname: 'data' },
        { name: 'app/twin', type: 'link', linkname: 'app/data' },
      ],
    ]);
    const modes = ['app', 'app/run', 'app/data', 'app/twin'].map(
      (file) => lstatSync(path.join(root, file)).mode & 0o7777,
    );
    assert.deepEqual(modes, [0o700, 0o700, 0o600, 0o600]);
    assert.equal(readFileSync(path.join(root, 'app/link'), 'utf8'), 'data');
    assert.equal(readFileSync(path.join(root, 'app/twin'), 'utf8'), 'data');
  });

  it('lets absolute links mean a place in the image', async (t) => {
    const root = await unpack(t, [
      [
        { name: 'run/lock', content: 'locked' },
        { name: 'var/run', type: 'symlink', linkname: '/run' },
        { name: 'var/lib/top', type: 'symlink', linkname: '/' },
      ],
    ]);
    assert.equal(readlinkSync(path.join(root, 'var/run')), '../run');
    assert.equal(readFileSync(path.join(root, 'var/run/lock'), 'utf8'), 'locked');
    assert.equal(realpathSync(path.join(root, 'var/lib/top')), root);
  });

  it('lets a layer replace and take away what is below', async (t) => {
    const root = await unpack(t, [
      [
        { name: 'a/old', content: 'old' },
        { name: 'a/kept', content: 'kept' },
        { name: 'b/one', content: '1' },
        { name: 'b/deep/two', content: '2' },
        { name: 'c', type: 'symlink', linkname: 'a' },
        { name: 'd/file', content: 'was a directory' },
      ],
      [
        { name: 'a/.wh.old' },
        { name: 'a/.wh.never-there' },
        { name: 'b/deep/new', content: 'new' },
        { name: 'b/.wh..wh..opq' },
        { name: 'c/', type: 'directory' },
        { name: 'c/inside', content: 'no longer a link' },
        { name: 'd', content: 'is a file' },
      ],
    ]);
    assert.deepEqual(namesIn(root), ['a', 'a/kept', 'b', 'b/deep', 'b/deep/new', 'c', 'c/inside', 'd']);
  });

  it('reads long names from pax headers, by which they are checked', async (t) => {
    const long = `${'directory/'.repeat(30)}file`;
    const root = await unpack(t, [[{ name: long, content: 'deep' }]]);
    assert.equal(readFileSync(path.join(root, long), 'utf8'), 'deep');
    const hidden = { ...HELLO, pax: { path: '../outside' } };
    await assert.rejects(unpack(t, [[hidden]]), refusal('UNSAFE_LAYER', /leads upwards/));
  });

  const refused: Readonly<Record<string, readonly Layer[]>> = {
    'an absolute path': [[{ name: '/etc/passwd', content: 'x' }]],
    'a path that leads upwards': [[{ name: 'app/../../outside', content: 'x' }]],
    'a link out of the image': [[{ name: 'app/link', type: 'symlink', linkname: '../../outside' }]],
    'an absolute link that climbs': [[{ name: 'link', type: 'symlink', linkname: '/../etc' }]],
    'a link to nothing at all': [[{ name: 'link', type: 'symlink', linkname: '\0' }]],
    'a link that leaves through another one': [
      [
        { name: 'a/b/', type: 'directory' },
        { name: 'short', type: 'symlink', linkname: 'a/b/../..' },
        { name: 'a/b/out', type: 'symlink', linkname: '../../short/../outside' },
      ],
    ],
    'a link that a later layer makes leave': [
      [
        { name: 'x/y/z/', type: 'directory' },
        { name: 'link', type: 'symlink', linkname: 'x/y/z/../../../here' },
      ],
      [{ name: 'x/y/z', type: 'symlink', linkname: '../..' }],
    ],
    'an entry through a link': [
      [
        { name: 'there/', type: 'directory' },
        { name: 'link', type: 'symlink', linkname: 'there' },
        { name: 'link/file', content: 'x' },
      ],
    ],
    'an entry through a link of a layer below': [
      [{ name: 'link', type: 'symlink', linkname: '.' }],
      [{ name: 'link/file', content: 'x' }],
    ],
    'an entry through a file': [[HELLO, { name: 'app/hello.txt/file', content: 'x' }]],
    'a whiteout through a link': [
      [HELLO, { name: 'link', type: 'symlink', linkname: 'app' }],
      [{ name: 'link/.wh.hello.txt' }],
    ],
    'an unknown whiteout': [[{ name: 'app/.wh..wh.plnk' }]],
    'a whiteout of everything above': [[{ name: 'app/.wh...' }]],
    'a directory that is a whiteout': [[{ name: '.wh.app/file', content: 'x' }]],
    'a hard link out of the image': [[{ name: 'twin', type: 'link', linkname: '../outside' }]],
    'an absolute hard link': [[{ name: 'twin', type: 'link', linkname: '/etc/passwd' }]],
    'a hard link to what is not there': [[{ name: 'twin', type: 'link', linkname: 'nothing' }]],
    'a hard link to itself': [[HELLO, { name: 'app/hello.txt', type: 'link', linkname: 'app/hello.txt' }]],
    'a hard link to a link': [
      [
        { name: 'link', type: 'symlink', linkname: 'nothing' },
        { name: 'twin', type: 'link', linkname: 'link' },
      ],
    ],
    'a hard link that takes its own target away': [
      [HELLO, { name: 'app', type: 'link', linkname: 'app/hello.txt' }],
    ],
    'a character device': [[{ name: 'dev/null', type: 'character-device' }]],
    'a block device': [[{ name: 'dev/disk', type: 'block-device' }]],
    'a fifo': [[{ name: 'pipe', type: 'fifo' }]],
    'a sparse file': [[{ ...HELLO, pax: { 'GNU.sparse.major': '1' } }]],
    'a name that is no text': [[{ ...HELLO, name: 'app/\uFFFD' }]],
    'a root that is no directory': [[{ name: '.', type: 'symlink', linkname: 'app' }]],
  };
  for (const [what, layers] of Object.entries(refused)) {
    it(`refuses ${what}`, async (t) => {
      await assert.rejects(unpack(t, layers), refusal('UNSAFE_LAYER'));
    });
  }

  it('refuses kinds of entries that it does not know, and content where there can be none', async (t) => {
    const empty = await archive({ name: 'app/empty' });
    const unknown = withHeader(empty, 156, 'S');
    await assert.rejects(unpackArchive(t, unknown), refusal('UNSAFE_LAYER', /unknown type/));
    const contiguous = withHeader(empty, 156, '7');
    await assert.rejects(unpackArchive(t, contiguous), refusal('UNSAFE_LAYER', /contiguous-file/));
    const fat = withHeader(await archive({ name: 'app/', type: 'directory' }), 124, '00000001000');
    await assert.rejects(unpackArchive(t, fat), refusal('UNSAFE_LAYER', /has content and is no file/));
  });

  const limits: readonly [string, Partial<LayerLimits>, Layer][] = [
    ['an image that is large', { compressed: 10 }, [HELLO]],
    ['an image that becomes large', { unpacked: 3000 }, [{ ...HELLO, content: 'x'.repeat(4000) }]],
    ['too many entries', { entries: 2 }, [HELLO, { ...HELLO, name: 'b' }, { ...HELLO, name: 'c' }]],
    ['too many directories that are not named', { entries: 9 }, [{ ...HELLO, name: 'a/'.repeat(9) + 'b' }]],
    ['a long path', { path: 40 }, [{ ...HELLO, name: 'a/'.repeat(30) + 'b' }]],
    ['a long name', {}, [{ ...HELLO, name: 'a'.repeat(300) }]],
    ['a bomb', {}, [{ ...HELLO, content: '\0'.repeat(20 * 1024 * 1024) }]],
  ];
  for (const [what, limit, layer] of limits) {
    it(`refuses ${what}`, async (t) => {
      await assert.rejects(unpack(t, [layer], limit), refusal('TOO_LARGE'));
    });
  }

  it('refuses links that take forever to follow', async (t) => {
    const long = Array.from({ length: 1000 }, () => '.').join('/');
    const links = Array.from({ length: 600 }, (_, index) => ({
      name: `${index}`,
      type: 'symlink' as const,
      linkname: `${long}/${index + 1}`,
    }));
    await assert.rejects(unpack(t, [links]), refusal('TOO_LARGE', /links through links/));
  });

  it('takes what is just within the limits', async (t) => {
    await unpack(t, [[HELLO, { ...HELLO, name: 'b' }]], { entries: 3, path: 13 });
  });

  it('refuses an archive that is not the one of the configuration', async (t) => {
    const repository = emptyRepository(t);
    const digest = await storeArchives(repository, [await archive(HELLO)], { diffIds: [digestOf('other')] });
    await assert.rejects(
      unpackInto(t, repository, digest),
      refusal('DIGEST_MISMATCH', /an archive of the image/),
    );
  });

  it('says of changed bytes that they are changed, wherever they break', async (t) => {
    const repository = emptyRepository(t);
    const content = Array.from({ length: 2000 }, (_, index) => digestOf(String(index))).join();
    const digest = await storeArchives(repository, [await archive({ ...HELLO, content })]);
    const blobs = path.join(repository.directory, 'blobs/sha256');
    const largest = namesIn(blobs).toSorted(
      (a, b) => lstatSync(path.join(blobs, b)).size - lstatSync(path.join(blobs, a)).size,
    )[0];
    const file = path.join(blobs, largest ?? '');
    const bytes = readFileSync(file);
    for (const at of [0, Math.floor(bytes.length / 2), bytes.length - 6]) {
      writeFileSync(file, bytes.with(at, (bytes[at] ?? 0) ^ 1));
      await assert.rejects(unpackInto(t, repository, digest), refusal('DIGEST_MISMATCH'));
    }
  });

  it('refuses layers with something after their end, and what is no archive', async (t) => {
    const repository = emptyRepository(t);
    const archives = [await archive(HELLO)];
    for (const trailer of [Buffer.alloc(512), Buffer.from('something')]) {
      const digest = await storeArchives(repository, archives, { trailer });
      await assert.rejects(unpackInto(t, repository, digest), refusal('MALFORMED_IMAGE'));
    }
    const junk = await storeArchives(repository, [Buffer.alloc(2048, 'junk')]);
    await assert.rejects(unpackInto(t, repository, junk), refusal('MALFORMED_IMAGE', /not a tar archive/));
    const cut = await storeArchives(repository, [(await archive(HELLO)).subarray(0, 700)]);
    await assert.rejects(unpackInto(t, repository, cut), refusal('MALFORMED_IMAGE', /not a tar archive/));
  });

  it('refuses images that are not what they should be', async (t) => {
    const repository = emptyRepository(t);
    const archives = [await archive(HELLO)];
    const bad = await storeArchives(repository, archives, { diffIds: [] });
    await assert.rejects(unpackInto(t, repository, bad), refusal('MALFORMED_IMAGE', /1 layers/));
    const plain = await storeArchives(repository, archives, {
      layerType: 'application/vnd.oci.image.layer.v1.tar',
    });
    await assert.rejects(unpackInto(t, repository, plain), refusal('MALFORMED_IMAGE', /gzipped/));
    const attached = await storeArchives(repository, archives, {
      configType: 'application/vnd.oci.empty.v1+json',
    });
    await assert.rejects(unpackInto(t, repository, attached), refusal('MALFORMED_IMAGE', /not an image/));
    const arm = await storeArchives(repository, archives, { architecture: 'arm64' });
    const wanted = { directory: temporaryDirectory(t), platform: 'linux/amd64' } as const;
    await assert.rejects(unpackImage(repository, arm, wanted), refusal('WRONG_PLATFORM'));
    await unpackImage(repository, arm, { ...wanted, platform: null });
  });

  it('comes to one directory when several unpack at once', async (t) => {
    const repository = emptyRepository(t);
    const digest = await storeArchives(repository, [await archive(HELLO)]);
    const directory = temporaryDirectory(t);
    const all = await Promise.all(
      Array.from({ length: 8 }, () => unpackImage(repository, digest, options(directory))),
    );
    assert.equal(new Set(all.map(({ treeDigest }) => treeDigest)).size, 1);
    assert.deepEqual(readdirSync(directory).toSorted(), [hexOf(digest), 'unfinished'].toSorted());
    assert.deepEqual(namesIn(path.join(directory, 'unfinished')), []);
  });

  it('leaves nothing behind when it is told to stop', async (t) => {
    const repository = emptyRepository(t);
    const digest = await storeArchives(repository, [await archive(HELLO)]);
    const directory = temporaryDirectory(t);
    const stopped = unpackImage(repository, digest, options(directory), AbortSignal.abort());
    await assert.rejects(stopped, { name: 'AbortError' });
    assert.equal(existsSync(path.join(directory, hexOf(digest))), false);
  });

  it('refuses a directory that was changed since', async (t) => {
    const repository = emptyRepository(t);
    const digest = await storeArchives(repository, [await archive(HELLO)]);
    const directory = temporaryDirectory(t);
    const { root } = await unpackImage(repository, digest, options(directory));
    await unpackImage(repository, digest, options(directory));
    writeFileSync(path.join(root, 'app/hello.txt'), 'hullo');
    await assert.rejects(
      unpackImage(repository, digest, options(directory)),
      refusal('DIGEST_MISMATCH', /hello\.txt/),
    );
  });
});

function unpackInto(test: TestContext, repository: ImageRepository, digest: Digest) {
  return unpackImage(repository, digest, options(temporaryDirectory(test)));
}

async function unpackArchive(test: TestContext, bytes: Uint8Array): Promise<void> {
  const repository = emptyRepository(test);
  await unpackInto(test, repository, await storeArchives(repository, [bytes]));
}

/** The archive with something else in the header of its first entry, and the right checksum for it. */
function withHeader(bytes: Buffer, at: number, text: string): Buffer {
  const changed = Buffer.from(bytes);
  changed.write(text, at, 'latin1');
  changed.fill(' ', 148, 156);
  const sum = changed.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  changed.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return changed;
}
