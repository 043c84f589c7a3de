import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { destinationOf, registryOrigin, type Reach } from './destination.ts';
import { refusal } from './testing/refusal.ts';

/** Every name stands for these addresses. */
function reach(origin: string, addresses: readonly string[], privateHosts: readonly string[] = []): Reach {
  return {
    origin,
    privateHosts,
    resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  };
}

const REGISTRY = 'https://registry.example.com';

describe('where a registry is', () => {
  it('is plain HTTP on this machine only', () => {
    const origins = {
      '127.0.0.1:5000': 'http://127.0.0.1:5000',
      '127.8.9.10:5000': 'http://127.8.9.10:5000',
      'localhost:5000': 'http://localhost:5000',
      '[::1]:5000': 'http://[::1]:5000',
      'localhost.example.com': 'https://localhost.example.com',
      '127.0.0.1.example.com': 'https://127.0.0.1.example.com',
      '192.168.0.2:5000': 'https://192.168.0.2:5000',
      'ghcr.io': 'https://ghcr.io',
    };
    for (const [registry, origin] of Object.entries(origins)) assert.equal(registryOrigin(registry), origin);
  });

  it('is a host and a port, and nothing else', () => {
    for (const text of ['', 'a/b', 'user@host', 'host?x', 'host#x', 'host:port', 'ho st', 'https://host']) {
      assert.throws(() => registryOrigin(text), refusal('BAD_REFERENCE'), text);
    }
  });
});

describe('where requests for a registry may go', () => {
  it('is anywhere public', async () => {
    const url = new URL('https://storage.example.net/blob?signature=1');
    const found = await destinationOf(url, reach(REGISTRY, ['1.1.1.1', '2606:4700::1111']));
    assert.deepEqual(
      found.addresses.map(({ address }) => address),
      ['1.1.1.1', '2606:4700::1111'],
    );
  });

  it('is the registry itself, also in a private network', async () => {
    await destinationOf(new URL(`${REGISTRY}/v2/`), reach(REGISTRY, ['10.0.0.5']));
    await destinationOf(new URL('https://10.0.0.5/v2/'), reach('https://10.0.0.5', []));
  });

  it('is not where one of several addresses is not public', async () => {
    const url = new URL('https://storage.example.net/');
    for (const address of ['10.0.0.5', '127.0.0.1', '169.254.169.254', '::1']) {
      await assert.rejects(
        destinationOf(url, reach(REGISTRY, ['1.1.1.1', address])),
        refusal('REDIRECT_REFUSED', /not a public address/),
      );
    }
  });

  it('is a private host that was allowed by its exact name, and what is no host of anyone is not', async () => {
    const url = new URL('https://storage.internal/');
    await destinationOf(url, reach(REGISTRY, ['10.0.0.5'], ['storage.internal']));
    await assert.rejects(
      destinationOf(url, reach(REGISTRY, ['10.0.0.5'], ['internal', 'other.storage.internal', 'storage'])),
      refusal('REDIRECT_REFUSED'),
    );
    for (const address of ['169.254.169.254', '127.0.0.1']) {
      await assert.rejects(
        destinationOf(url, reach(REGISTRY, [address], ['storage.internal'])),
        refusal('REDIRECT_REFUSED'),
      );
    }
  });

  it('is told how to allow, where that can be', async () => {
    const url = new URL('https://storage.internal:9000/bucket');
    await assert.rejects(
      destinationOf(url, reach('https://registry.internal:8443', ['10.0.0.5'])),
      refusal(
        'REDIRECT_REFUSED',
        /10\.0\.0\.5 is not a public address.*registries: \{ "registry\.internal:8443": \{ privateHosts: \["storage\.internal"\] \} \}/,
      ),
    );
    for (const address of ['169.254.169.254', '100.100.100.200', '127.0.0.1', '::1']) {
      const silent = (error: unknown) => !String(error).includes('privateHosts');
      await assert.rejects(destinationOf(url, reach(REGISTRY, [address])), silent, address);
    }
  });

  it('is elsewhere on this machine for a registry on this machine only', async () => {
    const url = new URL('http://127.0.0.1:9000/');
    await destinationOf(url, reach('http://localhost:5000', []));
    await assert.rejects(destinationOf(url, reach(REGISTRY, [])), refusal('REDIRECT_REFUSED'));
  });

  it('must be found', async () => {
    const url = new URL('https://storage.example.net/');
    await assert.rejects(destinationOf(url, reach(REGISTRY, [])), refusal('REGISTRY_UNAVAILABLE'));
    const resolve = () => Promise.reject(new Error('ENOTFOUND'));
    await assert.rejects(
      destinationOf(url, { ...reach(REGISTRY, []), resolve }),
      refusal('REGISTRY_UNAVAILABLE', /storage\.example\.net cannot be found/),
    );
  });
});
