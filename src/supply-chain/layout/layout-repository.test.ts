import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repositoryContract } from '../../../test/contracts/repository-contract.ts';
import { layoutRepository } from './layout-repository.ts';

repositoryContract('a layout', async (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-layout-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return layoutRepository('registry/podinfo', path.join(directory, 'podinfo'));
});
