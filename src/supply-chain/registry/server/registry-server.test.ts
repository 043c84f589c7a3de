import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../clock/system-clock.ts';
import { layoutRepository } from '../../layout/layout-repository.ts';
import { digestOf, type Digest } from '../../oci/digest.ts';
import { EMPTY_CONFIG, MEDIA_TYPES } from '../../oci/media-types.ts';
import { readAll } from '../../oci/read-all.ts';
import { contentOf } from '../../oci/repository.ts';
import { repositoryIn } from '../client/testing/client.ts';
import { refusal } from '../client/testing/refusal.ts';
import { startRegistry, type RegistryServerOptions } from './registry-server.ts';

async function registry(t: TestContext, options: Partial<RegistryServerOptions> = {}) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-registry-'));
  const running = await startRegistry({ directory, port: 0, clock: systemClock(), ...options });
  t.after(async () => {
    await running[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });
  return { address: running.address, directory };
}

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

async function send(address: string, { method = 'GET', path: target, headers = {}, body }: Sent) {
  const [host, port] = address.split(':');
  const request = http.request({ host, port, method, path: target, headers, agent: false });
  request.end(body);
  const [response] = await once(request, 'response');
  assert.ok(response instanceof http.IncomingMessage);
  // Nobody minds how the sending ends once there is an answer.
  request.on('error', () => undefined);
  const text = String(await readAll(response, 1_000_000, 'it'));
  const isJson = response.headers['content-type']?.includes('json') === true && text !== '';
  return { status: response.statusCode, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** The code of the error that the answer tells. */
async function codeOf(address: string, sent: Sent): Promise<string> {
  const { status, body } = await send(address, sent);
  return `${status} ${body.errors?.[0]?.code}`;
}

async function putBlob(address: string, repository: string, text: string): Promise<Digest> {
  const digest = digestOf(text);
  const to = `/v2/${repository}/blobs/uploads/?digest=${digest}`;
  assert.equal((await send(address, { method: 'POST', path: to, body: text })).status, 201);
  return digest;
}

async function attach(address: string, subject: Digest, artifactType: string): Promise<Digest> {
  const config = { mediaType: MEDIA_TYPES.empty, digest: await putBlob(address, 'a', EMPTY_CONFIG), size: 2 };
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    artifactType,
    config,
    layers: [config],
    subject: { mediaType: MEDIA_TYPES.manifest, digest: subject, size: 1 },
  };
  const body = JSON.stringify(document);
  const headers = { 'content-type': MEDIA_TYPES.manifest };
  const answer = await send(address, {
    method: 'PUT',
    path: `/v2/a/manifests/${digestOf(body)}`,
    headers,
    body,
  });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers['oci-subject'], subject);
  return digestOf(body);
}

describe('the built-in registry', () => {
  it('keeps what is pushed where the commands look for it', async (t) => {
    const { address, directory } = await registry(t);
    const repository = repositoryIn(address, {}, 'team/podinfo');
    const bytes = Buffer.from('some bytes');
    await repository.putBlob(contentOf(bytes, digestOf(bytes)));
    const layout = layoutRepository('registry/team/podinfo', path.join(directory, 'team', 'podinfo'));
    const blob = { mediaType: MEDIA_TYPES.layer, digest: digestOf(bytes), size: bytes.length };
    assert.equal(String(await readAll(layout.blob(blob), 100, 'it')), 'some bytes');
  });

  it('listens on this machine only', async (t) => {
    const { address } = await registry(t);
    assert.match(address, /^127\.0\.0\.1:\d+$/);
    const socket = net.connect({ host: '127.0.0.2', port: Number(address.split(':')[1]) });
    const [error] = await once(socket, 'error');
    assert.equal(error.code, 'ECONNREFUSED');
  });

  it('answers to its own name only, so that nobody reaches it by a name of theirs', async (t) => {
    const { address } = await registry(t);
    const port = address.split(':')[1];
    for (const host of [address, `localhost:${port}`]) {
      assert.equal((await send(address, { path: '/v2/', headers: { host } })).status, 200);
    }
    for (const host of [`evil.test:${port}`, 'evil.test', '127.0.0.1', `127.0.0.1.evil.test:${port}`]) {
      assert.equal(await codeOf(address, { path: '/v2/', headers: { host } }), '403 DENIED', host);
    }
  });

  it('refuses web pages', async (t) => {
    const { address } = await registry(t);
    const pages = [
      { origin: 'https://evil.test' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of pages) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const sent = { method, path: '/v2/a/blobs/uploads/', headers };
        assert.equal(await codeOf(address, sent), '403 DENIED', JSON.stringify(headers));
      }
    }
  });

  it('is served by one process at a time, and says when it cannot be', async (t) => {
    const { address, directory } = await registry(t);
    const clock = systemClock();
    await assert.rejects(
      startRegistry({ directory, port: 0, clock }),
      refusal('REGISTRY_UNAVAILABLE', /serves .* already/),
    );
    const other = mkdtempSync(path.join(os.tmpdir(), 'canary-registry-'));
    t.after(() => rmSync(other, { recursive: true, force: true }));
    const port = Number(address.split(':')[1]);
    await assert.rejects(
      startRegistry({ directory: other, port, clock }),
      refusal('REGISTRY_UNAVAILABLE', /--port/),
    );
    await using again = await startRegistry({ directory: other, port: 0, clock });
    assert.notEqual(again.address, address);
  });
});

describe('names and addresses', () => {
  it('that are none are refused', async (t) => {
    const { address, directory } = await registry(t);
    const digest = digestOf('x');
    const codes = {
      '/v2/UPPER/tags/list': '400 NAME_INVALID',
      '/v2/a/../../etc/tags/list': '400 NAME_INVALID',
      '/v2/..%2f..%2fetc/tags/list': '400 NAME_INVALID',
      '/v2/a%00b/tags/list': '400 NAME_INVALID',
      '/v2/%/tags/list': '400 NAME_INVALID',
      '/v2/.server/tags/list': '400 NAME_INVALID',
      '/v2/a/blobs/tags/list': '400 NAME_INVALID',
      '/v2/a/index.json/tags/list': '400 NAME_INVALID',
      '/v2/a/blobs/sha256:../../index.json': '404 UNSUPPORTED',
      '/v2/a/blobs/sha256:..%2f..%2findex.json': '404 UNSUPPORTED',
      '/v2/a/blobs/sha256:zz': '400 DIGEST_INVALID',
      '/v2/a/manifests/sha512:00': '400 DIGEST_INVALID',
      '/v2/a/manifests/-tag': '400 MANIFEST_INVALID',
      '/v2/a/referrers/latest': '400 DIGEST_INVALID',
      '/': '404 UNSUPPORTED',
      [`/v2/a/blobs/${digest}`]: '404 BLOB_UNKNOWN',
      [`/v2/a/manifests/${digest}`]: '404 MANIFEST_UNKNOWN',
      '/v2/a/manifests/latest': '404 MANIFEST_UNKNOWN',
      '/v2/a/blobs/uploads/0': '404 BLOB_UPLOAD_UNKNOWN',
    };
    for (const [target, code] of Object.entries(codes)) {
      assert.equal(await codeOf(address, { path: target }), code, target);
    }
    assert.deepEqual(readdirSync(directory), ['.server'], 'and leave nothing behind');
  });

  it('are not for every method', async (t) => {
    const { address } = await registry(t);
    const paths = ['/v2/', '/v2/a/tags/list', `/v2/a/blobs/${digestOf('x')}`, '/v2/a/manifests/latest'];
    for (const target of paths) {
      assert.equal(await codeOf(address, { method: 'DELETE', path: target }), '405 UNSUPPORTED', target);
    }
  });
});

describe('an upload', () => {
  it('may come in parts, in their order', async (t) => {
    const { address } = await registry(t);
    const begun = await send(address, { method: 'POST', path: '/v2/a/blobs/uploads/' });
    const to = String(begun.headers.location);
    const part = (body: string, range?: string) =>
      send(address, {
        method: 'PATCH',
        path: to,
        body,
        headers: range === undefined ? {} : { 'content-range': range },
      });
    assert.equal((await part('some ', '0-4')).headers.range, '0-4');
    assert.equal((await part('bytes', '3-7')).status, 416);
    assert.equal((await part('bytes', 'junk')).status, 416);
    assert.equal((await part('by')).headers.range, '0-6');
    assert.equal((await send(address, { path: to })).headers.range, '0-6');
    const last = { method: 'PUT', path: `${to}?digest=${digestOf('some bytes')}`, body: 'tes' };
    assert.equal((await send(address, last)).status, 201);
    assert.equal((await send(address, last)).status, 404, 'it is over');
    const blob = await send(address, { path: `/v2/a/blobs/${digestOf('some bytes')}` });
    assert.equal(blob.body, 'some bytes');
  });

  it('of other bytes than it says is not stored, and not kept', async (t) => {
    const { address, directory } = await registry(t);
    const begun = await send(address, { method: 'POST', path: '/v2/a/blobs/uploads/' });
    const sent = {
      method: 'PUT',
      path: `${begun.headers.location}?digest=${digestOf('x')}`,
      body: 'some bytes',
    };
    assert.equal(await codeOf(address, sent), '400 DIGEST_INVALID');
    assert.equal((await send(address, { path: `/v2/a/blobs/${digestOf('x')}` })).status, 404);
    assert.deepEqual(readdirSync(path.join(directory, '.server', 'uploads')), []);
  });

  it('that is too large is refused before it fills the disk', async (t) => {
    const { address, directory } = await registry(t, { largestBlob: 10_000 });
    const begun = await send(address, { method: 'POST', path: '/v2/a/blobs/uploads/' });
    const path_ = String(begun.headers.location);
    const sent = { method: 'PATCH', path: path_, body: Buffer.alloc(10_000_000) };
    assert.equal(await codeOf(address, sent), '413 SIZE_INVALID');
    assert.equal((await send(address, { path: path_ })).headers.range, '0-0', 'nothing of it is kept');
    await send(address, { method: 'DELETE', path: path_ });
    assert.deepEqual(readdirSync(path.join(directory, '.server', 'uploads')), []);
  });

  it('that breaks off leaves what was there before', async (t) => {
    const { address } = await registry(t);
    const begun = await send(address, { method: 'POST', path: '/v2/a/blobs/uploads/' });
    const to = String(begun.headers.location);
    await send(address, { method: 'PATCH', path: to, body: 'some ' });
    const [host, port] = address.split(':');
    const request = http.request({
      host,
      port,
      method: 'PATCH',
      path: to,
      headers: { 'content-length': 100 },
    });
    request.on('error', () => undefined);
    await new Promise((resolve) => request.write('half', resolve));
    request.destroy();
    // Busy until the registry has seen that the sender is gone.
    const finish = { method: 'PUT', path: `${to}?digest=${digestOf('some bytes')}`, body: 'bytes' };
    const next = { method: 'PATCH', path: to, body: '' };
    for (let answer = await send(address, next); answer.status === 409;) answer = await send(address, next);
    assert.equal((await send(address, finish)).status, 201);
  });

  it('belongs to its repository', async (t) => {
    const { address } = await registry(t);
    const begun = await send(address, { method: 'POST', path: '/v2/a/blobs/uploads/' });
    const elsewhere = String(begun.headers.location).replace('/v2/a/', '/v2/b/');
    const sent = { method: 'PATCH', path: elsewhere, body: 'x' };
    assert.equal(await codeOf(address, sent), '404 BLOB_UPLOAD_UNKNOWN');
  });

  it('is one of not too many', async (t) => {
    const { address } = await registry(t);
    const begin = { method: 'POST', path: '/v2/a/blobs/uploads/' };
    for (let count = 0; count < 64; count += 1) assert.equal((await send(address, begin)).status, 202);
    assert.equal(await codeOf(address, begin), '429 TOOMANYREQUESTS');
  });

  it('is not begun for a digest that is none, so that nobody takes all places', async (t) => {
    const { address } = await registry(t);
    const uploads = '/v2/a/blobs/uploads/';
    for (let count = 0; count < 64; count += 1) {
      assert.equal((await send(address, { method: 'POST', path: `${uploads}?digest=none` })).status, 400);
    }
    assert.equal((await send(address, { method: 'POST', path: uploads })).status, 202);
  });

  it('is spared where another repository has the blob', async (t) => {
    const { address } = await registry(t);
    const digest = await putBlob(address, 'a', 'some bytes');
    const mount = (from: string) =>
      send(address, { method: 'POST', path: `/v2/b/blobs/uploads/?mount=${digest}&from=${from}` });
    assert.equal((await mount('c')).status, 202);
    assert.equal((await mount('..%2fa')).status, 202);
    assert.equal((await mount('a')).status, 201);
    assert.equal((await send(address, { path: `/v2/b/blobs/${digest}` })).body, 'some bytes');
  });

  it('leaves nothing when the registry ends', async (t) => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-registry-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const running = await startRegistry({ directory, port: 0, clock: systemClock() });
    await send(running.address, { method: 'POST', path: '/v2/a/blobs/uploads/' });
    await running[Symbol.asyncDispose]();
    assert.equal(existsSync(path.join(directory, '.server', 'uploads')), false);
  });
});

describe('a manifest that is pushed', () => {
  const put = (body: string | Uint8Array, reference: string, mediaType: string = MEDIA_TYPES.manifest) => ({
    method: 'PUT',
    path: `/v2/a/manifests/${reference}`,
    headers: { 'content-type': mediaType },
    body,
  });

  it('must be one, of the right bytes, with its blobs there', async (t) => {
    const { address } = await registry(t);
    const config = { mediaType: MEDIA_TYPES.config, digest: digestOf('x'), size: 1 };
    const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.manifest, config, layers: [] };
    const body = JSON.stringify(document);
    assert.equal(await codeOf(address, put('junk', 'latest')), '400 MANIFEST_INVALID');
    assert.equal(await codeOf(address, put(body, 'latest', 'text/plain')), '400 MANIFEST_INVALID');
    assert.equal(await codeOf(address, put(body, digestOf('other'))), '400 DIGEST_INVALID');
    assert.equal(await codeOf(address, put(body, 'latest')), '404 MANIFEST_BLOB_UNKNOWN');
    const both = JSON.stringify({ ...document, manifests: [] });
    assert.equal(await codeOf(address, put(both, 'latest')), '400 MANIFEST_INVALID');
    await putBlob(address, 'a', 'x');
    assert.equal((await send(address, put(body, 'latest'))).status, 201);
  });

  it('must not be too large', async (t) => {
    const { address } = await registry(t);
    const large = Buffer.alloc(4 * 1024 * 1024 + 1, 32);
    assert.equal(await codeOf(address, put(large, 'latest')), '413 SIZE_INVALID');
    const chunked = { ...put(large, 'latest') };
    const headers = { ...chunked.headers, 'transfer-encoding': 'chunked' };
    assert.equal(await codeOf(address, { ...chunked, headers }), '413 SIZE_INVALID');
  });
});

describe('the lists of the built-in registry', () => {
  it('come page by page, in order', async (t) => {
    const { address } = await registry(t, { pageSize: 2 });
    const body = JSON.stringify({ schemaVersion: 2, manifests: [] });
    for (const tag of ['c', 'a', 'b']) {
      const headers = { 'content-type': MEDIA_TYPES.index };
      await send(address, { method: 'PUT', path: `/v2/a/manifests/${tag}`, headers, body });
    }
    const first = await send(address, { path: '/v2/a/tags/list?n=1000' });
    assert.deepEqual(first.body, { name: 'a', tags: ['a', 'b'] });
    const [, next = ''] = /^<(.+)>; rel="next"$/.exec(String(first.headers.link)) ?? [];
    const second = await send(address, { path: next });
    assert.deepEqual(second.body.tags, ['c']);
    assert.equal(second.headers.link, undefined);
    const one = await send(address, { path: '/v2/a/tags/list?n=1&last=a' });
    assert.deepEqual(one.body.tags, ['b']);
  });

  it('of referrers are filtered when that is asked for, on every page', async (t) => {
    const { address } = await registry(t, { pageSize: 1 });
    const subject = digestOf('an image');
    const other = await attach(address, subject, 'application/vnd.example.other');
    const bundles = [
      await attach(address, subject, 'application/vnd.example.one'),
      await attach(address, digestOf('another'), 'application/vnd.example.one'),
    ];
    const all = await send(address, { path: `/v2/a/referrers/${subject}` });
    assert.equal(all.headers['content-type'], MEDIA_TYPES.index);
    assert.equal(all.headers['oci-filters-applied'], undefined);
    assert.ok(all.headers.link !== undefined);
    const found = await repositoryIn(address, {}, 'a').referrers(subject);
    const [mine] = bundles;
    assert.deepEqual(new Set(found.map(({ digest }) => digest)), new Set([other, mine]));
    const filtered = await send(address, {
      path: `/v2/a/referrers/${subject}?artifactType=application/vnd.example.one`,
    });
    assert.equal(filtered.headers['oci-filters-applied'], 'artifactType');
    assert.deepEqual(
      filtered.body.manifests.map(({ digest }: { digest: string }) => digest),
      [mine],
    );
  });
});
