import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigInput } from './config-schema.ts';
import { checkConfig } from './load.ts';
import { findEnvironment, resolvePlan, resolveRelease } from './resolve.ts';

function loaded(changes: Partial<ConfigInput> = {}) {
  const written: ConfigInput = {
    service: 'shop',
    run: { command: 'node server.js', cwd: 'releases/{release}', env: { VERSION: '{release}' } },
    environments: [{ name: 'dev', targets: [{ kind: 'local', name: 'web', listen: 8080 }] }],
    ...changes,
  };
  return { config: checkConfig(written, 'canary.config.ts'), file: '/srv/shop/canary.config.ts' };
}

describe('a release', () => {
  it('is what `run` says, with its name filled in', () => {
    const { artifact } = resolveRelease(loaded(), '1.1.0');
    assert.deepEqual(artifact, {
      kind: 'command',
      command: ['/bin/sh', '-c', 'exec node server.js'],
      env: { VERSION: '1.1.0' },
      cwd: '/srv/shop/releases/1.1.0',
    });
  });

  it('is what `releases` says first, and the command line before that', () => {
    const config = loaded({ releases: { '1.1.0': { command: ['node', 'new.js'], env: { A: '1' } } } });
    assert.deepEqual(resolveRelease(config, '1.1.0').artifact.command, ['node', 'new.js']);
    assert.deepEqual(resolveRelease(config, '1.1.0').artifact.env, { VERSION: '1.1.0', A: '1' });
    assert.equal(resolveRelease(config, '1.1.0').artifact.cwd, '/srv/shop/releases/1.1.0');
    const overridden = resolveRelease(config, '1.1.0', { command: 'a && b', env: { A: '2' } });
    assert.deepEqual(overridden.artifact.command, ['/bin/sh', '-c', 'a && b']);
    assert.deepEqual(overridden.artifact.env, { VERSION: '1.1.0', A: '2' });
  });

  it('has a digest that stands for its name and all that is run', () => {
    const digest = (...args: Parameters<typeof resolveRelease>) => resolveRelease(...args).digest;
    const plain = digest(loaded(), '1.1.0');
    assert.match(plain, /^sha256:[0-9a-f]{64}$/);
    assert.equal(digest(loaded(), '1.1.0'), plain);
    assert.notEqual(digest(loaded(), '1.1.1'), plain);
    assert.notEqual(digest(loaded(), '1.1.0', { env: { DEBUG: '1' } }), plain);
    assert.notEqual(digest(loaded(), '1.1.0', { command: 'node other.js' }), plain);
  });

  it('that nobody knows how to start is refused', () => {
    const { run: _, ...rest } = loaded().config;
    assert.throws(
      () => resolveRelease({ config: rest, file: '/x' }, '1.1.0'),
      /not known how to start release "1\.1\.0"/,
    );
  });
});

describe('an environment', () => {
  it('need not be named when there is only one', () => {
    assert.equal(findEnvironment(loaded().config, undefined).name, 'dev');
    const [dev] = loaded().config.environments;
    assert.ok(dev !== undefined);
    const two = { ...loaded().config, environments: [dev, { ...dev, name: 'prod' }] };
    assert.throws(() => findEnvironment(two, undefined), /--env: dev, prod/);
    assert.throws(() => findEnvironment(two, 'porod'), /no environment "porod"; there are: dev, prod/);
  });
});

describe('a plan', () => {
  it('has no steps when it returns to an earlier release', () => {
    const config = loaded();
    const [environment] = config.config.environments;
    assert.ok(environment !== undefined);
    assert.equal(resolvePlan(config, environment, 'deliver').steps.length, 2);
    assert.equal(resolvePlan(config, environment, 'return').steps.length, 0);
  });
});
