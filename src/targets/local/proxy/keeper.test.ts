import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { keeper } from './keeper.ts';
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
