import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import path from 'node:path';
import { describe, it } from 'node:test';
import { freePort, listen } from '../http/testing/upstreams.ts';
import { checkHealth } from './health.ts';
import { RUN } from './testing/service.ts';

describe('the health of a process', () => {
  it('is what it answers, or that it accepts a connection', async (t) => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/well' ? 200 : 503;
      response.end();
    });
    const port = await listen(server);
    t.after(() => server.close());
    const ask = (asked: string | null) => checkHealth(port, { ...RUN.health, path: asked });
    assert.deepEqual(
      [await ask('/well'), await ask('/ill'), await ask('/not asked'), await ask(null)],
      [
        { kind: 'well' },
        { kind: 'unwell', trouble: 'answers 503 on /ill' },
        { kind: 'unwell', trouble: 'does not answer well on /not asked' },
        { kind: 'well' },
      ],
    );
    const nobody = await freePort();
    assert.deepEqual(await checkHealth(nobody, { ...RUN.health, path: null }), {
      kind: 'unwell',
      trouble: `nothing listens on port ${nobody}, which PORT told it`,
    });
  });

  it('is unknown to a proxy that has no descriptors left', () => {
    const module = path.join(import.meta.dirname, 'health.ts');
    const code = `
      const { openSync } = await import('node:fs');
      const { checkHealth } = await import(${JSON.stringify(module)});
      const ask = async (path) => (await checkHealth(1, { path, timeout: 1_000 })).kind;
      const before = [await ask('/'), await ask(null)];
      try { for (;;) openSync('/dev/null'); } catch {}
      process._rawDebug(...before, await ask('/'), await ask(null));
      process.exit();`;
    const asked = spawnSync(
      'sh',
      ['-c', 'ulimit -n 100; exec "$0" --input-type=module -e "$1"', process.execPath, code],
      { encoding: 'utf8' },
    );
    assert.equal(asked.stderr, 'unwell unwell unknown unknown\n');
  });
});
