import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPodinfo, startPodinfo } from './testing/podinfo.ts';

test('a bad environment is refused with code 2 and all problems at once', async () => {
  const { code, stdout, stderr } = await runPodinfo({
    PORT: '70000',
    PAGE_COLOR: 'red;} body{display:none',
    FAULT_ERROR_RATE: '1.5',
    FAULT_EROR_RATE: '0.1',
  });
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.deepEqual(stderr.trimEnd().split('\n'), [
    'podinfo does not start:',
    '  PORT must be a whole number from 0 to 65535, not "70000".',
    '  PAGE_COLOR must be a CSS colour such as teal, #07c or oklch(0.7 0.1 200), not "red;} body{display:none".',
    '  FAULT_ERROR_RATE must be a number from 0 to 1, not "1.5".',
    '  FAULT_EROR_RATE is not known; there are FAULT_CRASH_AFTER_SECONDS, FAULT_ERROR_RATE, FAULT_LATENCY_MS, FAULT_LATENCY_RATE, FAULT_AFTER_SECONDS, FAULT_NOT_READY, FAULT_SEED.',
  ]);
});

test('a port in use is one clear line and code 1', async () => {
  await using first = await startPodinfo();
  const { code, stdout, stderr } = await runPodinfo({ PORT: String(first.port) });
  assert.deepEqual(
    { code, stdout, stderr },
    {
      code: 1,
      stdout: '',
      stderr: `podinfo does not start: 127.0.0.1:${first.port} is in use already; choose another with PORT.\n`,
    },
  );
});

test('an address that is not of this machine is one clear line and code 1', async () => {
  const { code, stderr } = await runPodinfo({ HOST: '192.0.2.1' });
  assert.equal(code, 1);
  assert.match(stderr, /^podinfo does not start: 192\.0\.2\.1:0 is not an address of this machine.*\n$/);
});
