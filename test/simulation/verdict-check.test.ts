import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { VerdictKind } from '../../src/core/rollout.ts';
import { openSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { imageRelease, plan, START } from '../builders.ts';
import type { AttachedVerdict } from './simulated-notary.ts';
import { checkVerdicts } from './verdict-check.ts';

const IMAGE = imageRelease('1.1.0');

/** What is found to be wrong when the same image was promoted, and rolled back by a second rollout. */
async function wrong(verdicts: readonly AttachedVerdict[]): Promise<readonly string[]> {
  const store = openSqliteStore(':memory:');
  await end('promoted', START + 1);
  await end('rolled back', START + 2);
  const found: string[] = [];
  await checkVerdicts(store, verdicts, (invariant) => found.push(invariant));
  await store.close();
  return found;

  async function end(kind: VerdictKind, at: number): Promise<void> {
    const request = { service: 'shop', environment: 'prod', plan: plan(), candidate: IMAGE };
    const begun = await store.begin({ ...request, requestedBy: 'ann' }, at, { supersede: false });
    const verdict = { kind, reasons: [] };
    await store.commit([
      {
        rollout: {
          ...begun,
          revision: begun.revision + 1,
          phase: { kind: 'ended', at, verdict, settlesAt: at, settled: true },
        },
        entries: [{ at, kind: 'ended', verdict }],
        answers: [],
        intervals: [],
        actions: [],
        attest: null,
        block: null,
        wakeAt: null,
      },
    ]);
  }
}

const PASSED: AttachedVerdict = {
  rollout: 'shop-prod-1',
  environment: 'prod',
  digest: IMAGE.digest,
  result: 'PASSED',
  at: START + 1,
};
const FAILED: AttachedVerdict = { ...PASSED, rollout: 'shop-prod-2', result: 'FAILED', at: START + 2 };

describe('the check of verdicts', () => {
  it('is content when each end is attested, in whatever order they were signed', async () => {
    assert.deepEqual(await wrong([PASSED, FAILED]), []);
    assert.deepEqual(await wrong([FAILED, PASSED]), []);
  });

  it('finds an end that nothing speaks of, and an image that is still praised', async () => {
    assert.deepEqual(await wrong([PASSED]), ['every end is attested', 'the newest verdict is right']);
  });

  it('finds a verdict that seems newer than it is', async () => {
    const late = { ...PASSED, at: START + 3 };
    assert.deepEqual(await wrong([FAILED, late]), [
      'no verdict without an end',
      'the newest verdict is right',
    ]);
  });

  it('finds a verdict that no rollout came to', async () => {
    const invented = { ...PASSED, rollout: 'shop-prod-2' };
    assert.deepEqual(await wrong([PASSED, FAILED, invented]), ['no verdict without an end']);
  });
});
