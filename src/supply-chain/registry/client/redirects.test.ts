import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import { describe, it, type TestContext } from 'node:test';
import { digestOf } from '../../oci/digest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { readAll } from '../../oci/read-all.ts';
import { contentOf } from '../../oci/repository.ts';
import { at, faultyRegistry, serve, wantingPassword } from '../server/testing/faulty-registry.ts';
import { anonymous, type CredentialsFor } from './credentials.ts';
import type { Resolve } from './destination.ts';
import { CERTIFICATE } from './testing/certificate.ts';
import { repositoryIn } from './testing/client.ts';
import { refusal } from './testing/refusal.ts';

const BYTES = Buffer.from('the bytes of a layer');
const BLOB = { mediaType: MEDIA_TYPES.layer, digest: digestOf(BYTES), size: BYTES.length };
const ada: CredentialsFor = async () => ({ kind: 'password', username: 'ada', password: 'secret' });

/** A registry that sends whoever wants a blob elsewhere. */
async function sendingTo(t: TestContext, location: string | undefined, credentialsFor = anonymous) {
  const registry = await faultyRegistry(t);
  registry.fail(
    at(/^GET .*\/blobs\//, (_request, response) => {
      response.writeHead(307, location === undefined ? {} : { location }).end();
    }),
  );
  return repositoryIn(registry.address, { credentialsFor });
}

/** An HTTPS server that answers everything by one function; returns its port. */
async function serveSecurely(t: TestContext, listener: Parameters<typeof https.createServer>[1]) {
  const server = https.createServer(CERTIFICATE, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

/** Resolves the names of tests to what is given, and counts. */
function names(addresses: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const resolve: Resolve = async (hostname) => {
    asked.push(hostname);
    return [{ address: addresses[hostname] ?? '192.0.2.1', family: 4 }];
  };
  return { asked, resolve };
}

describe('a redirect', () => {
  it('to another origin is followed, and does not take the password along', async (t) => {
    const seen: (string | undefined)[] = [];
    const storage = await serve(t, (request, response) => {
      seen.push(request.headers.authorization);
      response.end(BYTES);
    });
    const registry = await faultyRegistry(t);
    registry.fail(
      wantingPassword('ada', 'secret'),
      at(/^GET .*\/blobs\//, (_request, response) =>
        response.writeHead(307, { location: `http://${storage}/bucket/object?signature=1` }).end(),
      ),
    );
    const repository = repositoryIn(registry.address, { credentialsFor: ada });
    assert.equal(String(await readAll(repository.blob(BLOB), 100, 'it')), String(BYTES));
    assert.deepEqual(seen, [undefined]);
  });

  it('within the registry keeps it', async (t) => {
    const registry = await faultyRegistry(t);
    registry.fail(
      wantingPassword('ada', 'secret'),
      at(/^GET \/v2\/.*\/blobs\//, (_request, response) =>
        response.writeHead(302, { location: '/elsewhere' }).end(),
      ),
      at(/^GET \/elsewhere/, (_request, response) => response.end(BYTES)),
    );
    const repository = repositoryIn(registry.address, { credentialsFor: ada });
    assert.equal(String(await readAll(repository.blob(BLOB), 100, 'it')), String(BYTES));
  });

  it('to storage that asks who we are does not get it our password', async (t) => {
    const thief = await serve(t, () => assert.fail('it was asked for a token'));
    const challenges = ['Basic realm="give it to me"', `Bearer realm="http://${thief}/token"`];
    for (const challenge of challenges) {
      const seen: (string | undefined)[] = [];
      const storage = await serve(t, (request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(401, { 'www-authenticate': challenge }).end();
      });
      const repository = await sendingTo(t, `http://${storage}/object`, ada);
      await assert.rejects(readAll(repository.blob(BLOB), 100, 'it'), refusal('UNAUTHORIZED'));
      assert.deepEqual(seen, [undefined]);
    }
  });

  it('from HTTPS to plain HTTP is refused, also on this machine', async (t) => {
    const plain = await serve(t, () => assert.fail('it was followed'));
    const port = await serveSecurely(t, (_request, response) => {
      response.writeHead(307, { location: `http://${plain}/` }).end();
    });
    const registry = await faultyRegistry(t);
    registry.fail(
      at(/^GET .*\/blobs\//, (_request, response) =>
        response.writeHead(307, { location: `https://127.0.0.1:${port}/` }).end(),
      ),
    );
    const repository = repositoryIn(registry.address, { certificateAuthorities: CERTIFICATE.cert });
    await assert.rejects(readAll(repository.blob(BLOB), 100, 'it'), refusal('REDIRECT_REFUSED', /not https/));
  });

  it('to the metadata service, a private network, or no address is refused', async (t) => {
    const locations = [
      'http://169.254.169.254/latest/meta-data/',
      'https://169.254.169.254/',
      'https://[fd00:ec2::254]/',
      'https://[::ffff:169.254.169.254]/',
      'https://0xa9fea9fe/',
      'https://10.0.0.1/',
      'https://192.168.1.1/',
      'https://0.0.0.0/',
      'http://example.com/',
      'ftp://127.0.0.1/',
      'file:///etc/passwd',
      'http://user:password@127.0.0.1/',
      'http://[',
      undefined,
    ];
    for (const location of locations) {
      const repository = await sendingTo(t, location);
      await assert.rejects(
        readAll(repository.blob(BLOB), 100, 'it'),
        refusal('REDIRECT_REFUSED'),
        String(location),
      );
    }
  });

  it('to a name that stands for a private address is refused', async (t) => {
    const registry = await faultyRegistry(t);
    registry.fail(
      at(/^GET .*\/blobs\//, (_request, response) =>
        response.writeHead(307, { location: 'https://storage.test/' }).end(),
      ),
    );
    const { asked, resolve } = names({ 'storage.test': '10.1.2.3' });
    const repository = repositoryIn(registry.address, { resolve });
    await assert.rejects(readAll(repository.blob(BLOB), 100, 'it'), refusal('REDIRECT_REFUSED'));
    assert.deepEqual(asked, ['storage.test'], 'it was looked up, and not connected to');
  });

  it('is followed five times, and not in circles', async (t) => {
    let count = 0;
    const storage = await serve(t, (request, response) => {
      count += 1;
      response.writeHead(307, { location: request.url }).end();
    });
    const repository = await sendingTo(t, `http://${storage}/again`);
    await assert.rejects(readAll(repository.blob(BLOB), 100, 'it'), refusal('REDIRECT_REFUSED'));
    assert.equal(count, 5);
  });

  it('of something that is written is refused', async (t) => {
    const other = await faultyRegistry(t);
    const registry = await faultyRegistry(t);
    registry.fail(
      at(/^(PUT|POST) /, (request, response) =>
        response.writeHead(307, { location: `http://${other.address}${request.url}` }).end(),
      ),
    );
    const repository = repositoryIn(registry.address);
    await assert.rejects(repository.putBlob(contentOf(BYTES, BLOB.digest)), refusal('REDIRECT_REFUSED'));
    assert.deepEqual(other.asked, []);
  });
});

describe('an upload that goes on elsewhere', () => {
  it('gets the bytes and not the password', async (t) => {
    const seen: (string | undefined)[] = [];
    const storage = await serve(t, (request, response) => {
      seen.push(`${request.method} ${request.headers.authorization}`);
      request.resume().once('end', () => response.writeHead(201).end());
    });
    const registry = await faultyRegistry(t);
    registry.fail(
      wantingPassword('ada', 'secret'),
      at(/^POST /, (_request, response) =>
        response.writeHead(202, { location: `http://${storage}/upload?state=1` }).end(),
      ),
    );
    const repository = repositoryIn(registry.address, { credentialsFor: ada });
    await repository.putBlob(contentOf(BYTES, BLOB.digest));
    assert.deepEqual(seen, ['PUT undefined']);
  });

  it('is refused at a private address', async (t) => {
    const registry = await faultyRegistry(t);
    registry.fail(
      at(/^POST /, (_request, response) =>
        response.writeHead(202, { location: 'https://169.254.169.254/upload' }).end(),
      ),
    );
    const repository = repositoryIn(registry.address);
    await assert.rejects(repository.putBlob(contentOf(BYTES, BLOB.digest)), refusal('REDIRECT_REFUSED'));
  });
});

describe('a registry that is reached by HTTPS', () => {
  const secure = { certificateAuthorities: CERTIFICATE.cert };

  it('may send to public storage only, and never to plain HTTP', async (t) => {
    let location = '';
    const port = await serveSecurely(t, (_request, response) => {
      response.writeHead(307, { location }).end();
    });
    const plain = await serve(t, (_request, response) => response.end(BYTES));
    const refused = [
      `http://${plain}/`,
      `http://localhost:${plain.split(':')[1]}/`,
      `https://127.0.0.1:${port}/`,
      `https://storage.test:${port}/`,
      'http://registry.test/',
    ];
    const { resolve } = names({ 'registry.test': '127.0.0.1', 'storage.test': '127.0.0.1' });
    const repository = repositoryIn(`registry.test:${port}`, { ...secure, resolve });
    for (location of refused) {
      await assert.rejects(readAll(repository.blob(BLOB), 100, 'it'), refusal('REDIRECT_REFUSED'), location);
    }
  });

  it('is trusted by its certificate', async (t) => {
    const port = await serveSecurely(t, (_request, response) => response.end(BYTES));
    const { resolve } = names({ 'registry.test': '127.0.0.1', 'other.test': '127.0.0.1' });
    const trusted = repositoryIn(`registry.test:${port}`, { ...secure, resolve });
    assert.equal(String(await readAll(trusted.blob(BLOB), 100, 'it')), String(BYTES));
    const strangers = [
      repositoryIn(`registry.test:${port}`, { resolve }),
      repositoryIn(`other.test:${port}`, { ...secure, resolve }),
    ];
    for (const stranger of strangers) {
      await assert.rejects(readAll(stranger.blob(BLOB), 100, 'it'), refusal('REGISTRY_UNAVAILABLE'));
    }
  });

  it('is connected to where its name was checked to be, whatever the name stands for next', async (t) => {
    const port = await serveSecurely(t, (_request, response) => response.end(BYTES));
    let lookups = 0;
    const repository = repositoryIn(`registry.test:${port}`, {
      ...secure,
      async resolve() {
        lookups += 1;
        return [{ address: lookups === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
      },
    });
    assert.equal(String(await readAll(repository.blob(BLOB), 100, 'it')), String(BYTES));
    assert.equal(lookups, 1);
  });
});

describe('a name of this machine', () => {
  it('that does not stand for this machine is not spoken to without encryption', async () => {
    const { resolve } = names({ localhost: '93.184.215.14' });
    const repository = repositoryIn('localhost:5000', { resolve });
    await assert.rejects(repository.resolve('latest'), refusal('REDIRECT_REFUSED'));
  });
});
