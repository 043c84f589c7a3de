import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { keeper } from './keeper.ts';
import { isAlive } from './process.ts';
import { commandStarter } from './starter.ts';
import { directory, RUN, service, workUntil } from './testing/service.ts';

describe('the keeper', () => {
  it('keeps a log for a release of any name', async (t) => {
    const logs = directory(t);
    const all = keeper({
      logs,
      records: [],
      starterFor: ({ digest }) => commandStarter(digest, service().artifact),
      onChange: () => {},
      onGone: () => {},
    });
    t.after(() => all.letAllGo());
    const names = ['/../../x', 'x'.repeat(300), `${'x'.repeat(299)}y`, '…'];
    const releases = names.map((name, index) => ({
      ...service(name),
      digest: `sha256:${index}`.padEnd(71, '0'),
    }));
    for (const release of releases) all.keep(release, RUN);
    await workUntil(
      (now) => all.tend(now),
      () => releases.every(({ digest }) => all.healthy(digest).length === 1),
    );
    assert.equal(readdirSync(logs).length, names.length);
  });
});

describe('a keeper that lets all go', () => {
  it('waits for those too that were on their way out, however long they take', async (t) => {
    const release = service(
      '1.0.0',
      `process.on('SIGTERM', () => {});
      require('http').createServer((_, answer) => answer.end()).listen(process.env.PORT, '127.0.0.1')`,
    );
    const all = keeper({
      logs: directory(t),
      records: [],
      starterFor: ({ digest }) => commandStarter(digest, release.artifact),
      onChange: () => {},
      onGone: () => {},
    });
    all.keep(release, RUN);
    await workUntil(
      (now) => all.tend(now),
      () => all.healthy(release.digest).length === 1,
    );
    const [instance] = all.record()[0]?.instances ?? [];
    assert.ok(instance !== undefined && instance !== null);
    void all.letGo(release.digest);
    await all.letAllGo();
    assert.equal(isAlive(instance.identity), false);
    assert.deepEqual(all.record(), []);
  });
});
