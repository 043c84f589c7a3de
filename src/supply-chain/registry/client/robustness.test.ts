import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { SupplyChainError } from '../../error.ts';
import { digestOf } from '../../oci/digest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { readAll } from '../../oci/read-all.ts';
import { contentOf, LARGEST_MANIFEST, type ImageRepository } from '../../oci/repository.ts';
import { standingClock } from '../server/testing/clock.ts';
import { answering, faultyRegistry, serve } from '../server/testing/faulty-registry.ts';
import { LIMITS, type Limits } from './limits.ts';
import { repositoryIn } from './testing/client.ts';
import { refusal } from './testing/refusal.ts';

const BYTES = Buffer.from('the bytes of a layer');
const BLOB = { mediaType: MEDIA_TYPES.layer, digest: digestOf(BYTES), size: BYTES.length };
const ONCE: Limits = { ...LIMITS, attempts: 1 };
const IMPATIENT: Limits = { ...ONCE, silence: 50, exchange: 200 };

/** A registry that answers everything by one function. */
async function answeredBy(
  t: TestContext,
  answer: (response: ServerResponse) => void,
  limits: Limits = ONCE,
): Promise<ImageRepository> {
  const address = await serve(t, (request, response) => {
    // A client that went away is no trouble of the test.
    response.on('error', () => undefined);
    request.resume();
    answer(response);
  });
  return repositoryIn(address, { limits });
}

function pull(repository: ImageRepository, signal?: AbortSignal): Promise<Buffer> {
  return readAll(repository.blob(BLOB, signal), 1_000, 'it');
}

/** Writes without end, for as long as somebody reads. */
function endless(response: ServerResponse): void {
  const chunk = Buffer.alloc(65_536, 32);
  const more = () => {
    while (!response.destroyed && response.write(chunk)) continue;
  };
  response.on('drain', more);
  more();
}

describe('a registry that lies', () => {
  it('about the bytes of a manifest is found out', async (t) => {
    const repository = await answeredBy(t, (response) => {
      response.setHeader('content-type', MEDIA_TYPES.manifest);
      response.setHeader('docker-content-digest', BLOB.digest);
      response.end('{"other":"bytes"}');
    });
    await assert.rejects(repository.manifest(BLOB.digest), refusal('DIGEST_MISMATCH'));
  });

  it('about the bytes of a blob is found out before the end', async (t) => {
    const others = Buffer.from('the bytes of a loser');
    assert.equal(others.length, BLOB.size);
    const repository = await answeredBy(t, (response) => response.end(others));
    await assert.rejects(pull(repository), refusal('DIGEST_MISMATCH'));
  });

  it('about the size of a blob is found out before a byte is passed on', async (t) => {
    const repository = await answeredBy(t, (response) => {
      response.setHeader('content-length', BLOB.size + 1);
      response.end(Buffer.alloc(BLOB.size + 1));
    });
    await assert.rejects(async () => {
      for await (const chunk of repository.blob(BLOB)) assert.fail(`passed on ${chunk.length} bytes`);
    }, refusal('DIGEST_MISMATCH'));
  });

  it('about what it stored is found out', async (t) => {
    const repository = await answeredBy(t, (response) => {
      response.writeHead(201, { 'docker-content-digest': digestOf('something else') }).end();
    });
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [] }));
    await assert.rejects(repository.putManifest(index, MEDIA_TYPES.index, 'all'), refusal('DIGEST_MISMATCH'));
  });

  it('about what a tag points to is found out when that is read', async (t) => {
    const repository = await answeredBy(t, (response) => {
      response.setHeader('docker-content-digest', 'sha256:junk');
      response.end('{}');
    });
    assert.equal(await repository.resolve('latest'), digestOf('{}'));
  });
});

describe('a registry that sends too much', () => {
  it('of a manifest is left, whether it says so or not', async (t) => {
    const said = await answeredBy(t, (response) => {
      response.setHeader('content-length', 17 * 1024 * 1024);
      endless(response);
    });
    await assert.rejects(said.manifest(BLOB.digest), refusal('TOO_LARGE'));
    const unsaid = await answeredBy(t, endless);
    await assert.rejects(unsaid.manifest(BLOB.digest), refusal('TOO_LARGE'));
    await assert.rejects(unsaid.tags(), refusal('TOO_LARGE'));
    await assert.rejects(unsaid.referrers(BLOB.digest), refusal('TOO_LARGE'));
  });

  it('of a blob is left', async (t) => {
    const repository = await answeredBy(t, endless);
    await assert.rejects(pull(repository), refusal('DIGEST_MISMATCH'));
  });

  it('of an error is left too', async (t) => {
    const repository = await answeredBy(t, (response) => {
      response.writeHead(400);
      endless(response);
    });
    await assert.rejects(repository.manifest(BLOB.digest), refusal('REGISTRY_UNAVAILABLE', /\(400\)/));
  });

  it('in its headers is left', async (t) => {
    const repository = await answeredBy(t, (response) => {
      response.writeHead(200, { link: `<${'x'.repeat(40_000)}>; rel="next"` }).end('{}');
    });
    await assert.rejects(repository.tags(), refusal('TOO_LARGE'));
  });
});

describe('a registry that takes its time', () => {
  it('to begin is not waited for', async (t) => {
    const repository = await answeredBy(t, () => undefined, IMPATIENT);
    await assert.rejects(repository.resolve('latest'), refusal('REGISTRY_UNAVAILABLE', /silent/));
  });

  it('between two pieces is not waited for', async (t) => {
    const stalled = (response: ServerResponse) => {
      response.writeHead(200, { 'content-length': String(BLOB.size) });
      response.write(BYTES.subarray(0, 5));
    };
    const repository = await answeredBy(t, stalled, IMPATIENT);
    await assert.rejects(pull(repository), refusal('REGISTRY_UNAVAILABLE', /silent/));
  });

  it('by sending byte after byte is not waited for either', async (t) => {
    const limits = { ...ONCE, exchange: 200 };
    const drip = (response: ServerResponse) => {
      response.writeHead(200);
      const drops = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drops));
    };
    const repository = await answeredBy(t, drip, limits);
    await assert.rejects(repository.manifest(BLOB.digest), refusal('REGISTRY_UNAVAILABLE', /longer than/));
    await assert.rejects(repository.tags(), refusal('REGISTRY_UNAVAILABLE', /longer than/));
  });

  it('is left at once when nobody wants it any more', async (t) => {
    const repository = await answeredBy(t, () => undefined, LIMITS);
    const leave = new AbortController();
    const pulling = pull(repository, leave.signal);
    leave.abort(new Error('nobody wants it'));
    await assert.rejects(pulling, /nobody wants it/);
    await assert.rejects(repository.resolve('latest', leave.signal), /nobody wants it/);

    const slow = await answeredBy(t, (response) => response.writeHead(200).write('t'), LIMITS);
    const half = new AbortController();
    await assert.rejects(async () => {
      for await (const chunk of slow.blob(BLOB, half.signal)) half.abort(new Error(`after ${chunk.length}`));
    }, /after 1/);
  });
});

describe('a registry that is unavailable', () => {
  it('is asked again, after longer and longer waits', async (t) => {
    const registry = await faultyRegistry(t);
    const clock = standingClock();
    const repository = repositoryIn(registry.address, { clock });
    await repository.putBlob(contentOf(BYTES, BLOB.digest));
    registry.fail(answering(500, { times: 2 }), answering(503, { times: 1 }));
    assert.equal((await pull(repository)).length, BLOB.size);
    assert.deepEqual(clock.waits, [500, 1_000, 2_000]);
  });

  it('is asked again when it says, but not later than we are ready to wait', async (t) => {
    const registry = await faultyRegistry(t);
    const clock = standingClock();
    const repository = repositoryIn(registry.address, { clock });
    const date = new Date(clock.now() + 5_000 + 7_000).toUTCString();
    registry.fail(
      answering(429, { times: 1, headers: { 'retry-after': '5' } }),
      answering(503, { times: 1, headers: { 'retry-after': date } }),
      answering(429, { times: 1, headers: { 'retry-after': '999999' } }),
    );
    await assert.rejects(repository.resolve('latest'), refusal('NOT_FOUND'));
    assert.deepEqual(clock.waits, [5_000, 7_000, 30_000]);
  });

  it('is given up in the end, with a hint', async (t) => {
    const registry = await faultyRegistry(t);
    registry.fail(answering(502, { times: 100 }));
    const repository = repositoryIn(registry.address);
    await assert.rejects(repository.resolve('latest'), refusal('REGISTRY_UNAVAILABLE', /try again later/));
    assert.equal(registry.asked.length, LIMITS.attempts);
  });

  it('breaks off, and is asked again', async (t) => {
    const registry = await faultyRegistry(t);
    const repository = repositoryIn(registry.address);
    await repository.putBlob(contentOf(BYTES, BLOB.digest));
    let times = 0;
    registry.fail((request) => {
      times += 1;
      if (times > 2) return false;
      request.socket.destroy();
      return true;
    });
    assert.equal((await pull(repository)).length, BLOB.size);
  });

  it('is not there at all', async () => {
    const clock = standingClock();
    const repository = repositoryIn('127.0.0.1:1', { clock });
    await assert.rejects(repository.resolve('latest'), refusal('REGISTRY_UNAVAILABLE', /ECONNREFUSED/));
    assert.equal(clock.waits.length, LIMITS.attempts - 1);
  });

  it('does not get another upload begun while it refuses one', async (t) => {
    const registry = await faultyRegistry(t);
    registry.fail(answering(500, { times: 1, to: /^PUT/ }));
    const repository = repositoryIn(registry.address);
    await repository.putBlob(contentOf(BYTES, BLOB.digest));
    const lines = registry.asked.map(({ line }) => line.split(' ')[0]);
    assert.deepEqual(lines, ['HEAD', 'POST', 'PUT', 'HEAD', 'POST', 'PUT'], 'all of it is done again');
    assert.equal((await pull(repository)).length, BLOB.size);
  });
});

describe('what a registry says', () => {
  it('is shown without its control characters, and not at length', async (t) => {
    const message = `\u001b[2J\u0007evil\r\nline\u202e ${'x'.repeat(5_000)}`;
    const repository = await answeredBy(t, (response) => {
      response.writeHead(403).end(JSON.stringify({ errors: [{ code: 'DENIED', message }] }));
    });
    await assert.rejects(repository.resolve('latest'), (error: unknown) => {
      assert.ok(error instanceof SupplyChainError && error.code === 'UNAUTHORIZED');
      assert.doesNotMatch(error.message, /\p{C}/u);
      assert.ok(error.message.length < 500);
      return true;
    });
    await assert.rejects(repository.manifest(BLOB.digest), refusal('UNAUTHORIZED', /DENIED .*evil line/));
  });

  it('may be anything, and is never more than an error of ours', async (t) => {
    let body = '';
    let status = 200;
    const repository = await answeredBy(
      t,
      (response) => {
        response.writeHead(status, { 'content-type': MEDIA_TYPES.index }).end(body);
      },
      { ...LIMITS, attempts: 1 },
    );
    const document = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({ manifests: fc.anything(), tags: fc.anything() }).map((each) => JSON.stringify(each)),
      fc
        .record({
          manifests: fc.array(
            fc.record({ digest: fc.string(), size: fc.anything(), mediaType: fc.string() }),
          ),
        })
        .map((each) => JSON.stringify(each)),
      fc.constant('['.repeat(20_000)),
      fc.constant('{"__proto__":{"manifests":[]},"manifests":null,"tags":null}'),
    );
    const statuses = fc.constantFrom(200, 200, 200, 400, 404, 204, 418);
    const property = fc.asyncProperty(document, statuses, async (said, code) => {
      [body, status] = [said ?? '', code];
      const calls = [
        repository.tags(),
        repository.referrers(BLOB.digest),
        repository.manifest(BLOB.digest),
        repository.resolve('latest'),
        pull(repository),
      ];
      for (const result of await Promise.allSettled(calls)) {
        if (result.status === 'rejected') assert.ok(result.reason instanceof SupplyChainError, result.reason);
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });
});

describe('names', () => {
  it('that are none are not sent', async (t) => {
    const registry = await faultyRegistry(t);
    const repository = repositoryIn(registry.address);
    for (const tag of ['', '../../etc', 'a b', 'a?x', 'a/b', `x${'x'.repeat(200)}`]) {
      await assert.rejects(repository.resolve(tag), refusal('BAD_REFERENCE'));
    }
    for (const name of ['', '..', 'A', 'a//b', 'a/../b', 'a?b']) {
      assert.throws(() => repositoryIn(registry.address, {}, name), refusal('BAD_REFERENCE'));
    }
    assert.deepEqual(registry.asked, []);
  });
});

describe('a manifest', () => {
  it('that is as large as may be is read', async (t) => {
    const bytes = Buffer.alloc(LARGEST_MANIFEST, 32);
    const repository = await answeredBy(t, (response) => response.end(bytes), LIMITS);
    assert.equal((await repository.manifest(digestOf(bytes))).bytes.length, LARGEST_MANIFEST);
  });
});

describe('a blob', () => {
  it('goes in chunks to a registry that takes no large pieces', async (t) => {
    const registry = await faultyRegistry(t);
    registry.fail((request, response) => {
      if (request.method !== 'PUT' || request.headers['content-length'] === '0') return false;
      request.resume().once('end', () => response.writeHead(413).end());
      return true;
    });
    const bytes = Buffer.alloc(20 * 1024 * 1024, 'canary');
    const repository = repositoryIn(registry.address);
    await repository.putBlob(contentOf(bytes, digestOf(bytes)));
    const blob = { mediaType: MEDIA_TYPES.layer, digest: digestOf(bytes), size: bytes.length };
    assert.equal(Buffer.compare(await readAll(repository.blob(blob), bytes.length, 'it'), bytes), 0);
    const patches = registry.asked.filter(({ line }) => line.startsWith('PATCH'));
    assert.deepEqual(
      patches.map(({ headers }) => headers['content-range']),
      ['0-8388607', '8388608-16777215', '16777216-20971519'],
    );
  });

  it('is not sent when it is there already', async (t) => {
    const registry = await faultyRegistry(t);
    const repository = repositoryIn(registry.address);
    await repository.putBlob(contentOf(BYTES, BLOB.digest));
    await repository.putBlob({ ...contentOf(BYTES, BLOB.digest), open: () => assert.fail('opened') });
    assert.equal(registry.asked.at(-1)?.line.split(' ')[0], 'HEAD');
  });

  it('that several want there at the same time is sent once', async (t) => {
    const registry = await faultyRegistry(t);
    const repository = repositoryIn(registry.address);
    await Promise.all(Array.from({ length: 4 }, () => repository.putBlob(contentOf(BYTES, BLOB.digest))));
    assert.equal(registry.asked.filter(({ line }) => line.startsWith('PUT')).length, 1);
  });

  it('that cannot be read is not stored, and the reason is told', async (t) => {
    const registry = await faultyRegistry(t);
    const repository = repositoryIn(registry.address);
    const broken = {
      ...BLOB,
      async *open() {
        yield BYTES.subarray(0, 5);
        throw new Error('the disk is broken');
      },
    };
    await assert.rejects(repository.putBlob(broken), /the disk is broken/);
    await assert.rejects(pull(repository), refusal('NOT_FOUND'));
  });
});
