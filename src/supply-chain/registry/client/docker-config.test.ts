import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SupplyChainError } from '../../error.ts';
import { dockerCredentials } from './docker-config.ts';

function directory(t: TestContext): string {
  const made = mkdtempSync(path.join(os.tmpdir(), 'canary-docker-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function configured(t: TestContext, config: unknown) {
  const made = directory(t);
  writeFileSync(path.join(made, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  const environment = { DOCKER_CONFIG: made, PATH: `${made}:/usr/bin:/bin` };
  return { directory: made, credentialsFor: dockerCredentials(environment, '/nowhere') };
}

/** Puts a helper where it is found, that notes what it is asked. */
function addHelper(directoryOfIt: string, name: string, script: string): void {
  const file = path.join(directoryOfIt, `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

function login(username: string, password: string) {
  return { auth: Buffer.from(`${username}:${password}`).toString('base64') };
}

const ada = { kind: 'password', username: 'ada', password: 'pass:word' };

describe('the logins of docker', () => {
  it('are found by host and port, however the key is written', async (t) => {
    const keys = ['registry.example.com:5000', 'https://registry.example.com:5000/v1/'];
    for (const key of keys) {
      const { credentialsFor } = configured(t, { auths: { [key]: login('ada', 'pass:word') } });
      assert.deepEqual(await credentialsFor('registry.example.com:5000'), ada);
    }
  });

  it('are not given to a host that is merely alike', async (t) => {
    const { credentialsFor } = configured(t, { auths: { 'example.com': login('ada', 'secret') } });
    const strangers = [
      'example.com.evil.test',
      'evil-example.com',
      'registry.example.com',
      'example.com:5000',
      'xample.com',
      'example.co',
      '__proto__',
    ];
    for (const stranger of strangers) assert.equal(await credentialsFor(stranger), null, stranger);
    assert.notEqual(await credentialsFor('example.com'), null);
  });

  it('of Docker Hub are found under the name that docker gives it', async (t) => {
    const { credentialsFor } = configured(t, {
      auths: { 'https://index.docker.io/v1/': login('ada', 'pass:word') },
    });
    assert.deepEqual(await credentialsFor('registry-1.docker.io'), ada);
  });

  it('may be identity tokens', async (t) => {
    const { credentialsFor } = configured(t, {
      auths: { 'example.com': { ...login('ada', ''), identitytoken: 'long-lived' } },
    });
    assert.deepEqual(await credentialsFor('example.com'), { kind: 'identity-token', token: 'long-lived' });
  });

  it('are none where there is no file', async (t) => {
    const made = directory(t);
    assert.equal(await dockerCredentials({}, made)('example.com'), null);
  });

  it('that cannot be read are an error, not an anonymous visit', async (t) => {
    for (const config of ['{', '[]', { auths: { 'example.com': { auth: 'AAAA' } } }]) {
      const { credentialsFor } = configured(t, config);
      await assert.rejects(credentialsFor('example.com'), unauthorized(/config\.json/));
    }
  });
});

describe('a credential helper', () => {
  it('is asked for its registry, on standard input, and for no other', async (t) => {
    const { directory: made, credentialsFor } = configured(t, { credHelpers: { 'example.com': 'test' } });
    addHelper(
      made,
      'test',
      `[ "$1" = get ] && read -r host; echo "{\\"Username\\":\\"ada\\",\\"Secret\\":\\"for $host\\"}"`,
    );
    assert.deepEqual(await credentialsFor('example.com'), {
      kind: 'password',
      username: 'ada',
      password: 'for example.com',
    });
    assert.equal(await credentialsFor('registry.example.com'), null);
  });

  it('of all registries comes after that of one', async (t) => {
    const config = { credHelpers: { 'one.example.com': 'one' }, credsStore: 'all' };
    const { directory: made, credentialsFor } = configured(t, config);
    addHelper(made, 'one', `echo '{"Username":"<token>","Secret":"of one"}'`);
    addHelper(made, 'all', `echo '{"Username":"ada","Secret":"of all"}'`);
    assert.deepEqual(await credentialsFor('one.example.com'), { kind: 'identity-token', token: 'of one' });
    assert.deepEqual(await credentialsFor('two.example.com'), {
      kind: 'password',
      username: 'ada',
      password: 'of all',
    });
  });

  it('that has no login leaves it to the file', async (t) => {
    const config = { auths: { 'example.com': login('ada', 'pass:word') }, credsStore: 'empty' };
    const { directory: made, credentialsFor } = configured(t, config);
    addHelper(made, 'empty', 'echo "credentials not found in native keychain"; exit 1');
    assert.deepEqual(await credentialsFor('example.com'), ada);
    assert.equal(await credentialsFor('other.example.com'), null);
  });

  it('that fails, is missing, talks junk or without end, is an error', async (t) => {
    const scripts = ['echo locked; exit 2', 'echo junk', 'echo "{}"', 'exec yes'];
    for (const script of scripts) {
      const { directory: made, credentialsFor } = configured(t, { credsStore: 'test' });
      addHelper(made, 'test', script);
      await assert.rejects(credentialsFor('example.com'), unauthorized(/helper "test"/), script);
    }
    const { credentialsFor } = configured(t, { credsStore: 'missing' });
    await assert.rejects(credentialsFor('example.com'), unauthorized(/ENOENT/));
  });

  it('that fails does not get its secret into the message', async (t) => {
    const { directory: made, credentialsFor } = configured(t, { credsStore: 'test' });
    addHelper(made, 'test', `echo '{"Username":"ada","Secret":"hunter2"}'; exit 1`);
    await assert.rejects(credentialsFor('example.com'), (error: unknown) => {
      assert.doesNotMatch(String(error), /hunter2/);
      return unauthorized(/it ended with 1$/)(error);
    });
  });

  it('is no path to another program', async (t) => {
    for (const name of ['../../bin/sh', 'a/b', '', 'x; y']) {
      const { credentialsFor } = configured(t, { credHelpers: { 'example.com': name } });
      await assert.rejects(credentialsFor('example.com'), unauthorized(/not the name of one/));
    }
  });
});

function unauthorized(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof SupplyChainError, String(error));
    assert.equal(error.code, 'UNAUTHORIZED');
    assert.match(error.message, message);
    return true;
  };
}
