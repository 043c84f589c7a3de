import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { readConfig, type Config } from './config.ts';
import type { Environment } from './environment.ts';

const SEED = 7;

function configOf(environment: Environment): Config {
  const reading = readConfig(environment, SEED);
  assert(reading.kind === 'valid');
  return reading.config;
}

function problemsOf(environment: Environment): readonly string[] {
  const reading = readConfig(environment, SEED);
  assert(reading.kind === 'invalid');
  return reading.problems;
}

test('an empty environment is a harmless release on port 8080 of this machine', () => {
  assert.partialDeepStrictEqual(configOf({}), {
    host: '127.0.0.1',
    port: 8080,
    version: manifest.version,
    digest: null,
    logLevel: 'info',
    startDelay: 0,
    shutdownGrace: 10_000,
    faults: {
      errorRate: 0,
      latency: 0,
      latencyRate: 1,
      after: 0,
      crashAfter: null,
      neverReady: false,
      seed: SEED,
    },
  });
});

test('an empty variable counts as not set', () => {
  assert.deepEqual(configOf({ PORT: '', PAGE_COLOR: '', FAULT_SEED: '' }).port, 8080);
});

test('seconds are told with fractions', () => {
  const { startDelay, shutdownGrace, faults } = configOf({
    START_DELAY: '1.5',
    SHUTDOWN_GRACE_SECONDS: '0.25',
    FAULT_AFTER_SECONDS: '2',
    FAULT_CRASH_AFTER_SECONDS: '0',
  });
  assert.deepEqual([startDelay, shutdownGrace, faults.after, faults.crashAfter], [1_500, 250, 2_000, 0]);
});

for (const [name, values] of Object.entries({
  PORT: ['-1', '65536', '80.5', '0x50', 'http', ' 80'],
  HOST: ['a b', 'http://localhost', '/tmp/socket'],
  VERSION: ['a b', '<b>', 'x'.repeat(65)],
  RELEASE_DIGEST: ['abc', `sha256:${'A'.repeat(64)}`, `sha512:${'a'.repeat(64)}`],
  PAGE_COLOR: ['bleu', 'red;}'],
  LOG_LEVEL: ['verbose', 'INFO'],
  START_DELAY: ['-1', '3601', 'soon'],
  SHUTDOWN_GRACE_SECONDS: ['-1', '1e3'],
  FAULT_ERROR_RATE: ['-0.1', '1.01', '50%', 'NaN', 'Infinity', '.'],
  FAULT_LATENCY_MS: ['-5', '60001', '5ms'],
  FAULT_LATENCY_RATE: ['2'],
  FAULT_AFTER_SECONDS: ['x'],
  FAULT_CRASH_AFTER_SECONDS: ['86401'],
  FAULT_NOT_READY: ['yes', 'TRUE'],
  FAULT_SEED: ['-1', '1.5', '4294967296'],
})) {
  test(`${name} is refused when it makes no sense`, () => {
    for (const value of values) {
      const [problem = '', ...others] = problemsOf({ [name]: value });
      assert(problem.startsWith(`${name} must be `), problem);
      assert(problem.endsWith(`, not ${JSON.stringify(value.slice(0, 60))}.`), problem);
      assert.deepEqual(others, []);
    }
  });
}

test('a misspelt fault is refused instead of quietly not happening', () => {
  assert.match(
    problemsOf({ FAULT_RATE: '1' })[0] ?? '',
    /^FAULT_RATE is not known; there are .*FAULT_ERROR_RATE/,
  );
});

test('it is a function where Lambda says so and no adapter is, with a port that Lambda does not use', () => {
  const address = { AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001' };
  assert.equal(readConfig({}, SEED).lambda, null);
  assert.equal(readConfig(address, SEED).lambda, '127.0.0.1:9001');
  assert.equal(readConfig({ ...address, LAMBDA_SHIM: 'off' }, SEED).lambda, null);
  assert.deepEqual(problemsOf({ ...address, PORT: '3000' }), [
    'PORT must not be 3000 or 9001, which Lambda uses itself.',
  ]);
  assert.equal(configOf({ PORT: '3000' }).port, 3000);
});

test('the README describes every variable', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const reading = readConfig({}, SEED);
  assert(reading.kind === 'valid');
  assert(reading.names.length > 10);
  for (const name of reading.names) assert(readme.includes(`| \`${name}\` `), `${name} is missing`);
});
