import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkConfig } from './load.ts';
import { ConfigError } from './problems.ts';

function withRegistries(registries: unknown) {
  const environments = [{ name: 'dev', targets: [{ kind: 'local', name: 'web', listen: 8080 }] }];
  const written = { service: 'shop', run: { command: 'node server.js' }, registries, environments };
  return checkConfig(written, 'canary.config.ts').registries;
}

function problemOf(registries: unknown): string {
  try {
    withRegistries(registries);
    return 'it is accepted';
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
}

describe('the settings of registries', () => {
  it('allow hosts in a private network, each for one registry', () => {
    const registries = {
      'harbor.example.internal': { privateHosts: ['minio.example.internal', '10.0.0.7', '[fd00::7]'] },
      '10.0.0.5:5000': {},
    };
    assert.deepEqual(withRegistries(registries), registries);
    assert.deepEqual(withRegistries(undefined), {});
  });

  it('take exact hosts, as they are compared', () => {
    for (const host of [
      '*.example.internal',
      '10.0.0.0/8',
      'https://minio.example.internal',
      'minio.example.internal:9000',
      'Minio.example.internal',
      '010.0.0.7',
      'minio/bucket',
      'ann@minio',
      '',
    ]) {
      const text = problemOf({ 'harbor.example.internal': { privateHosts: [host] } });
      assert.match(text, /privateHosts.*must be the exact name or address of one host/, host);
    }
  });

  it('name registries as images do', () => {
    for (const name of [
      'registry',
      'harbor',
      'https://harbor.example.internal',
      'harbor.example.internal/shop',
      '',
    ]) {
      const text = problemOf({ [name]: { privateHosts: ['10.0.0.7'] } });
      assert.match(text, /registries.*must be named by a registry/, name);
    }
  });
});
