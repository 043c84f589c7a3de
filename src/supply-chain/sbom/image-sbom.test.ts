import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { SupplyChainError } from '../error.ts';
import { inspectImage } from '../image/inspect-image.ts';
import { archive, emptyRepository, storeArchives } from '../image/testing/images.ts';
import { digestOf } from '../oci/digest.ts';
import { imageFindings } from './image-findings.ts';
import { imageSbom, type ImageSbom } from './image-sbom.ts';
import { archiveOf, type LayerFile, putImage, temporaryRepository } from './testing/image.ts';

const DEBIAN = `Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.36-9+deb12u9

Package: tzdata
Status: install ok installed
Architecture: all
Version: 1:2024a-0+deb12u1

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0
`;

const OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n';

function npm(name: string, version: string, more: object = {}): string {
  return JSON.stringify({ name, version, license: 'MIT', ...more });
}

async function sbomOf(test: TestContext, ...layers: (readonly LayerFile[] | Buffer)[]): Promise<ImageSbom> {
  const repository = await temporaryRepository(test);
  return imageSbom(repository, await putImage(repository, layers), { toolVersion: '1.2.3' });
}

function purls({ components }: ImageSbom): readonly string[] {
  return components.flatMap(({ purl }) => purl ?? []);
}

function refusal(code: SupplyChainError['code']) {
  return (error: unknown) => {
    assert.ok(error instanceof SupplyChainError, String(error));
    assert.equal(error.code, code);
    return true;
  };
}

const EVERYTHING: readonly (readonly LayerFile[])[] = [
  [
    ['etc/os-release', OS_RELEASE],
    ['var/lib/dpkg/status', DEBIAN],
    [
      'var/lib/dpkg/status.d/ca-certificates',
      'Package: ca-certificates\nVersion: 20230311\nArchitecture: all\n',
    ],
    [
      'usr/share/doc/libc6/copyright',
      'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: LGPL-2.1+\n Words\n',
    ],
  ],
  [
    [
      'usr/local/bin/node',
      Buffer.from('…https://nodejs.org/download/release/v24.21.0/node-v24.21.0.tar.gz…'),
    ],
  ],
  [
    ['app/package.json', npm('shop', '1.0.0')],
    ['app/node_modules/zod/package.json', npm('zod', '4.6.7')],
    [
      'app/node_modules/@acme/cart/package.json',
      npm('@acme/cart', '2.0.0-beta.1', { license: 'MIT OR Apache-2.0' }),
    ],
    ['app/node_modules/@acme/cart/node_modules/zod/package.json', npm('zod', '3.25.1')],
    ['app/node_modules/copied/node_modules/zod/package.json', npm('zod', '4.6.7')],
    ['app/node_modules/zod/v4/package.json', '{"type":"module"}'],
    [
      'app/node_modules/.package-lock.json',
      JSON.stringify({
        packages: { 'node_modules/zod': { integrity: `sha512-${Buffer.alloc(64, 7).toString('base64')}` } },
      }),
    ],
    ['opt/extensions/lambda-adapter', 'an adapter'],
  ],
];

describe('the bill of materials of an image', () => {
  it('names packages of Debian and npm, Node.js and the adapter for Lambda', async (t) => {
    assert.deepEqual(purls(await sbomOf(t, ...EVERYTHING)), [
      'pkg:deb/debian/ca-certificates@20230311?arch=all&distro=debian-12',
      'pkg:deb/debian/libc6@2.36-9%2Bdeb12u9?arch=amd64&distro=debian-12&upstream=glibc',
      'pkg:deb/debian/tzdata@1:2024a-0%2Bdeb12u1?arch=all&distro=debian-12',
      'pkg:generic/aws-lambda-web-adapter',
      'pkg:generic/node@24.21.0',
      'pkg:npm/%40acme/cart@2.0.0-beta.1',
      'pkg:npm/shop@1.0.0',
      'pkg:npm/zod@3.25.1',
      'pkg:npm/zod@4.6.7',
    ]);
  });

  it('says where each was found, its license and its hash', async (t) => {
    const { components } = await sbomOf(t, ...EVERYTHING);
    const found = (purl: string) => components.find((each) => each.purl?.startsWith(purl) === true);
    assert.deepEqual(found('pkg:npm/zod@4.6.7'), {
      type: 'library',
      group: null,
      name: 'zod',
      version: '4.6.7',
      purl: 'pkg:npm/zod@4.6.7',
      cpe: null,
      licenses: [{ kind: 'id', id: 'MIT' }],
      hashes: [],
      locations: [
        'app/node_modules/copied/node_modules/zod/package.json',
        'app/node_modules/zod/package.json',
      ],
    });
    assert.deepEqual(found('pkg:deb/debian/libc6')?.licenses, [{ kind: 'name', name: 'LGPL-2.1+' }]);
    assert.match(found('pkg:generic/node')?.hashes[0]?.hex ?? '', /^[0-9a-f]{64}$/);
    assert.equal(found('pkg:generic/node')?.cpe, 'cpe:2.3:a:nodejs:node.js:24.21.0:*:*:*:*:*:*:*');
  });

  it('is valid by the schema of CycloneDX 1.6, which would find a mistake', async (t) => {
    const { bytes, document } = await sbomOf(t, ...EVERYTHING);
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    assert.equal(await validator.validate(bytes.toString()), null);
    assert.notEqual(await validator.validate(JSON.stringify({ ...document, serialNumber: '1' })), null);
  });

  it('is the same to the byte for the same image, and another for another', async (t) => {
    const [first, second] = [await sbomOf(t, ...EVERYTHING), await sbomOf(t, ...EVERYTHING)];
    assert.equal(Buffer.compare(first.bytes, second.bytes), 0);
    const other = await sbomOf(t, ...EVERYTHING, [['new', 'file']]);
    assert.notEqual(other.document.serialNumber, first.document.serialNumber);
  });

  it('has a time only when it is given one', async (t) => {
    const repository = await temporaryRepository(t);
    const image = await putImage(repository, [[]]);
    const timed = await imageSbom(repository, image, { toolVersion: '1', at: Date.UTC(2026, 0, 5) });
    assert.match(timed.bytes.toString(), /"timestamp": "2026-01-05T00:00:00.000Z"/);
    const plain = await imageSbom(repository, image, { toolVersion: '1' });
    assert.doesNotMatch(plain.bytes.toString(), /timestamp/);
  });

  it('lets everything depend on the image', async (t) => {
    const { document, components } = await sbomOf(t, ...EVERYTHING);
    const [root] = document.dependencies;
    assert.match(root?.ref ?? '', /^pkg:oci\/shop@sha256/);
    assert.equal(root?.dependsOn.length, components.length);
  });

  it('names packages of Alpine', async (t) => {
    const installed =
      'C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\n\nP:libcrypto3\nV:3.3.2-r0\nA:x86_64\no:openssl\n';
    const layer: LayerFile[] = [
      ['lib/apk/db/installed', installed],
      ['etc/os-release', 'ID=alpine\nVERSION_ID=3.20.3\n'],
    ];
    assert.deepEqual(purls(await sbomOf(t, layer)), [
      'pkg:apk/alpine/libcrypto3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3&upstream=openssl',
      'pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.3',
    ]);
  });

  it('says that it does not read packages of rpm', async (t) => {
    const { unreadable, document } = await sbomOf(t, [['var/lib/rpm/rpmdb.sqlite', 'x']]);
    assert.deepEqual(unreadable, [
      { path: 'var/lib/rpm/rpmdb.sqlite', why: 'packages of rpm are not supported' },
    ]);
    assert.equal(document.compositions[0]?.aggregate, 'incomplete');
  });
});

describe('layers', () => {
  const a = ['app/node_modules/a/package.json', npm('a', '1.0.0')] as const;
  const b = ['app/node_modules/b/package.json', npm('b', '1.0.0')] as const;

  it('are overridden by later ones', async (t) => {
    assert.deepEqual(purls(await sbomOf(t, [a], [[a[0], npm('a', '2.0.0')]])), ['pkg:npm/a@2.0.0']);
  });

  it('remove files and directories by whiteouts', async (t) => {
    assert.deepEqual(purls(await sbomOf(t, [a, b], [['app/node_modules/a/.wh.package.json', '']])), [
      'pkg:npm/b@1.0.0',
    ]);
    assert.deepEqual(purls(await sbomOf(t, [a, b], [['app/node_modules/.wh.a', '']])), ['pkg:npm/b@1.0.0']);
    assert.deepEqual(purls(await sbomOf(t, [a, b], [['./app/.wh.node_modules', '']])), []);
  });

  it('do not remove what they add themselves, wherever the whiteout stands', async (t) => {
    assert.deepEqual(purls(await sbomOf(t, [a], [b, ['app/node_modules/.wh..wh..opq', '']])), [
      'pkg:npm/b@1.0.0',
    ]);
    assert.deepEqual(purls(await sbomOf(t, [a], [['app/.wh.node_modules', ''], b])), ['pkg:npm/b@1.0.0']);
    assert.deepEqual(purls(await sbomOf(t, [a], [b, ['app/.wh.node_modules', '']])), ['pkg:npm/b@1.0.0']);
  });

  it('replace a directory by a file, and a file by a directory', async (t) => {
    assert.deepEqual(purls(await sbomOf(t, [a, b], [['app/node_modules', 'a file']])), []);
    assert.deepEqual(purls(await sbomOf(t, [a], [[a[0], null]])), []);
    assert.deepEqual(purls(await sbomOf(t, [a], [['app/node_modules', null]])), ['pkg:npm/a@1.0.0']);
  });

  it('write through links to directories, as the kernel does', async (t) => {
    const linked = await sbomOf(
      t,
      [['srv', { type: 'symlink', linkname: '/app' }], a],
      [['srv/node_modules/a/package.json', npm('a', '3.0.0')]],
    );
    assert.deepEqual(purls(linked), ['pkg:npm/a@3.0.0']);
    assert.deepEqual(linked.components[0]?.locations, [a[0]]);
  });

  it('have several names for one file', async (t) => {
    const link = (linkname: string) => ({ type: 'link', linkname }) as const;
    const known = await sbomOf(t, [a, ['b/node_modules/a/package.json', link(a[0])]]);
    assert.equal(known.components[0]?.locations.length, 2);
    const unknown = await sbomOf(t, [
      ['store/4f', npm('a', '1.0.0')],
      [a[0], link('store/4f')],
    ]);
    assert.deepEqual(unknown.unreadable, [
      { path: a[0], why: 'it is another name of store/4f, which was not read' },
    ]);
  });
});

describe('hostile images', () => {
  it('are refused when a name leads out of them', async (t) => {
    for (const name of ['../etc/passwd', 'a/../../b', 'a/..']) {
      await assert.rejects(sbomOf(t, [[name, 'x']]), refusal('UNSAFE_LAYER'), name);
    }
  });

  it('are refused when links lead in circles', async (t) => {
    const layer: LayerFile[] = [
      ['a', { type: 'symlink', linkname: 'b' }],
      ['b', { type: 'symlink', linkname: 'a' }],
      ['a/x', 'y'],
    ];
    await assert.rejects(sbomOf(t, layer), refusal('UNSAFE_LAYER'));
  });

  it('are refused when a way leads through a file, and when a file has holes', async (t) => {
    const through: LayerFile[] = [
      ['app', 'a file'],
      ['app/package.json', npm('a', '1.0.0')],
    ];
    await assert.rejects(sbomOf(t, through), refusal('UNSAFE_LAYER'));
    const sparse = await archive({ name: 'a', content: '', pax: { 'GNU.sparse.name': 'app/package.json' } });
    await assert.rejects(sbomOf(t, gzipSync(sparse)), refusal('UNSAFE_LAYER'));
  });

  it('are refused when directories that are not named take too much memory', async (t) => {
    const repository = emptyRepository(t);
    const deep = await archive({ name: `${'d/'.repeat(1900)}x` });
    const image = await inspectImage(repository, await storeArchives(repository, [deep]));
    const limits = { unpacked: 1e9, compressed: 1e9, ratio: 1e9, entries: 1900, path: 4096 };
    await assert.rejects(imageFindings(repository, image, limits), refusal('TOO_LARGE'));
    await imageFindings(repository, image, { ...limits, entries: 1901 });
  });

  it('are refused when links make ways that are longer than any path', async (t) => {
    const step = `${'d'.repeat(200)}/`.repeat(10);
    const longer = Array.from({ length: 3 }, (_, index): LayerFile[] => [
      [`${index === 0 ? '' : `${index - 1}/`}${step}`, null],
      [`${index}`, { type: 'symlink', linkname: `/${index === 0 ? '' : `${index - 1}/`}${step}` }],
    ]);
    await assert.rejects(sbomOf(t, longer.flat()), refusal('TOO_LARGE'));
  });

  it('are refused when the archive of a layer is not the one that the configuration names', async (t) => {
    const repository = emptyRepository(t);
    const bytes = await archiveOf([['app/package.json', npm('a', '1.0.0')]]);
    const image = await storeArchives(repository, [bytes], { diffIds: [digestOf('another')] });
    await assert.rejects(imageSbom(repository, image, { toolVersion: '1' }), refusal('DIGEST_MISMATCH'));
  });

  it('do not hide packages by names that are not UTF-8, of which two look like one', async (t) => {
    const { unreadable } = await sbomOf(t, [['app/\uFFFD/package.json', npm('a', '1.0.0')]]);
    assert.deepEqual(unreadable, [{ path: 'app/\uFFFD/package.json', why: 'its name is not UTF-8 text' }]);
  });

  it('are refused when a layer is cut, is not compressed, or goes on after its end', async (t) => {
    const bytes = await archiveOf([['a', 'x'.repeat(2000)]]);
    const whole = gzipSync(bytes);
    for (const layer of [
      whole.subarray(0, whole.length - 20),
      bytes,
      Buffer.concat([whole, Buffer.from('more than an archive'.repeat(10_000))]),
      gzipSync(bytes.subarray(0, 700)),
      gzipSync(Buffer.alloc(2000, 'x')),
    ]) {
      await assert.rejects(sbomOf(t, layer), refusal('MALFORMED_IMAGE'));
    }
  });

  it('do not hide packages by a file that cannot be read: it is named', async (t) => {
    const place = 'app/node_modules/a/package.json';
    const bad: readonly string[] = [
      '{',
      '[]',
      '{"name":1,"version":"1.0.0"}',
      npm('a', 'latest'),
      npm('../a', '1.0.0'),
      npm('a'.repeat(300), '1.0.0'),
      npm('@a/b/c', '1.0.0'),
      npm('a', '1.0.0', { padding: ' '.repeat(1024 * 1024) }),
    ];
    for (const text of bad) {
      const { unreadable, components } = await sbomOf(t, [[place, text]]);
      assert.deepEqual(
        [unreadable.length, unreadable[0]?.path, components.length],
        [1, place, 0],
        text.slice(0, 60),
      );
    }
  });

  it('do not hide packages of Debian: one that cannot be understood makes the list unreadable', async (t) => {
    for (const text of [
      `${DEBIAN}\nPackage: bad name\nVersion: 1\n`,
      `${DEBIAN}\nPackage: zlib1g\nVersion: ;\n`,
    ]) {
      const { unreadable } = await sbomOf(t, [['var/lib/dpkg/status', text]]);
      assert.equal(unreadable.length, 1);
    }
  });

  it('do no harm with deep nesting or with names of prototypes', async (t) => {
    const deep = `{"name":"deep","version":"1.0.0","x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const proto =
      '{"__proto__":{"name":"no","version":"9.9.9"},"name":"__proto__","version":"1.0.0","license":{"__proto__":1}}';
    const found = await sbomOf(t, [
      ['app/node_modules/deep/package.json', deep],
      ['app/node_modules/__proto__/package.json', proto],
      ['app/node_modules/constructor/package.json', npm('constructor', '1.0.0')],
    ]);
    assert.deepEqual(purls(found), [
      'pkg:npm/__proto__@1.0.0',
      'pkg:npm/constructor@1.0.0',
      'pkg:npm/deep@1.0.0',
    ]);
    assert.equal(({} as Record<string, unknown>)['version'], undefined);
  });

  it('keep the last of two files with the same name, as unpacking does', async (t) => {
    const place = 'app/node_modules/a/package.json';
    const found = await sbomOf(t, [
      [place, npm('a', '1.0.0')],
      [place, npm('a', '2.0.0')],
    ]);
    assert.deepEqual(purls(found), ['pkg:npm/a@2.0.0']);
  });
});
