import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Instance, type InstanceOptions, keepInstance } from './instance.ts';
import { directory, RUN, service, workUntil } from './testing/service.ts';

/** An instance that is stopped after the test. */
function instance(t: TestContext, changes: Partial<InstanceOptions> = {}): Instance {
  const kept = keepInstance({
    number: 0,
    release: service(),
    run: RUN,
    log: path.join(directory(t), 'service.log'),
    adopted: null,
    onChange: () => {},
    ...changes,
  });
  t.after(() => kept.stop());
  return kept;
}

describe('an instance', () => {
  it('whose log cannot be written has that as its trouble', async (t) => {
    const file = path.join(directory(t), 'file');
    writeFileSync(file, '');
    const kept = instance(t, { log: path.join(file, 'service.log') });
    await workUntil(kept.tend, () => kept.hasFailed());
    assert.match(kept.trouble() ?? '', /^cannot be started: no log can be kept for it: E/);
  });

  it('whose health cannot be asked for is not healthy', async (t) => {
    const health = { ...RUN.health, path: '/health z' };
    const kept = instance(t, { run: { ...RUN, health } });
    await workUntil(kept.tend, () => kept.record() !== null);
    await workUntil(kept.tend, () => kept.trouble() === 'does not answer well on /health z');
    for (let now = 1_000; now < 2_000; now += 100) {
      kept.tend(now);
      await new Promise(setImmediate);
    }
    assert.equal(kept.upstream(), null);
  });
});
