import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { imageRelease, plan, START } from '../../../test/builders.ts';
import { openStore } from '../../compose.ts';
import { EXIT_CODES, exitCodeOfError } from '../exit-code.ts';
import { run } from './approve.ts';

const about = { service: 'shop', environment: 'prod', plan: plan(), requestedBy: 'ann' };

/** A project in which these releases were asked for, each in place of the one before; and a person who approves. */
async function project(t: TestContext, ...releases: readonly string[]) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-approve-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const targets = [{ kind: 'local', name: 'web', listen: 8080 }];
  const config = { service: 'shop', run: { command: 'true' }, environments: [{ name: 'prod', targets }] };
  writeFileSync(path.join(directory, 'canary.config.json'), JSON.stringify(config));
  const store = openStore(path.join(directory, '.canary'));
  for (const name of releases) {
    await store.begin({ ...about, candidate: imageRelease(name) }, START, { supersede: true, after: 0 });
  }
  await store.close();
  const output = { isJson: false, isLive: false, line: () => {}, json: () => {}, problem: () => {} };
  const approve = (...args: readonly string[]) => run({ args, options: {}, output, directory, user: 'bob' });
  return { approve };
}

describe('an approval', () => {
  it('is for the rollout that a person has looked at, and not for whichever has taken its place', async (t) => {
    const { approve } = await project(t, '1.1.0', '1.2.0');
    await assert.rejects(approve(), (error: unknown) => {
      assert.equal(exitCodeOfError(error), EXIT_CODES.usage);
      assert.match(String(error), /canary approve shop-prod-2 {3}1\.2\.0 \(sha256:.*asked for by ann/);
      return true;
    });
    assert.equal(await approve('shop-prod-2'), EXIT_CODES.done);
  });

  it('is for nothing where nothing waits', async (t) => {
    const { approve } = await project(t);
    await assert.rejects(approve(), /No rollout to prod waits to begin/);
  });
});
