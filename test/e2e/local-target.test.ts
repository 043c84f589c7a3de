import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Release } from '../../src/core/release.ts';
import { localSite } from '../../src/targets/local/local-site.ts';
import { stopLocal } from '../../src/targets/local/operations.ts';
import type { LocalSettings } from '../../src/targets/local/settings.ts';
import { release } from '../builders.ts';
import { targetContract } from '../contracts/target-contract.ts';
import { clock, freePort, ROOT } from './project.ts';

function podinfo(version: string): Release {
  const env = { VERSION: version, LOG_LEVEL: 'error' };
  const command = [process.execPath, path.join(ROOT, 'podinfo/src/main.ts')] as const;
  return { ...release(version), artifact: { kind: 'command', command, env, cwd: ROOT } };
}

targetContract('local', async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-target-'));
  const port = await freePort();
  const settings: LocalSettings = {
    directory,
    proxy: {
      listen: { host: '127.0.0.1', port },
      sticky: null,
      preview: { header: 'x-canary' },
      responseTimeout: 5_000,
    },
    run: {
      processes: 1,
      health: { path: '/readyz', interval: 500, timeout: 1_000, failures: 3 },
      drain: 1_000,
      stop: 2_000,
    },
  };
  return {
    site: localSite(settings, clock),
    isFenced: true,
    stable: podinfo('1.0.0'),
    candidate: podinfo('1.1.0'),
    now: () => clock.now(),
    pass: (time) => clock.wait(time),
    async use(requests) {
      for (let sent = 0; sent < requests; sent += 1) {
        const answer = await fetch(`http://127.0.0.1:${port}/version`);
        await answer.text();
      }
    },
    async close() {
      await stopLocal(settings);
      rmSync(directory, { recursive: true, force: true });
    },
  };
});
