import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rollout, START } from '../../test/builders.ts';
import type { Rollout, VerdictKind } from '../core/rollout.ts';
import { builtFloor } from './built-floor.ts';

function ended(kind: VerdictKind, builtAt: number | null): Rollout {
  return rollout({
    phase: { kind: 'ended', at: START, verdict: { kind, reasons: [] }, settlesAt: START, settled: true },
    admission: { policy: '', evidence: [], builtAt },
  });
}

describe('the floor of an environment', () => {
  it('is the newest image that was promoted there', async () => {
    const floor = builtFloor(async () => [
      ended('rolled back', 9),
      ended('promoted', 5),
      ended('promoted', 7),
      ended('promoted', null),
      rollout(),
    ]);
    assert.equal(await floor('shop', 'prod'), 7);
  });

  it('is not there before the first', async () => {
    assert.equal(await builtFloor(async () => [rollout()])('shop', 'prod'), null);
  });
});
