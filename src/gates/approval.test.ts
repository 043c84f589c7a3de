import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plan, rollout, START } from '../../test/builders.ts';
import { virtualClock } from '../../test/simulation/virtual-clock.ts';
import type { Approval } from '../core/approval.ts';
import type { Plan } from '../core/plan.ts';
import { approvalGate } from './approval.ts';

const HOUR = 3_600_000;
const RULE = { people: 2, from: null, expires: HOUR };

/** What the gate answers so long after the start. */
function answerTo(given: readonly string[], changes: Partial<Plan> = {}, after = 0) {
  const approvals = given.map((by): Approval => ({ by, at: START, note: null }));
  const state = rollout({ plan: plan({ approval: RULE, ...changes }), approvals });
  return approvalGate(virtualClock(START + after)).ask(state, AbortSignal.any([]));
}

describe('the approval gate', () => {
  it('opens when as many people have said yes as the plan asks for', async () => {
    assert.deepEqual(await answerTo(['bob', 'cem']), { gate: 'approval', kind: 'open' });
  });

  it('waits for the others, and says how many, who has, and who may', async () => {
    assert.deepEqual(await answerTo([]), {
      gate: 'approval',
      kind: 'waiting',
      detail: '0 of 2 approvals; anybody but ann gives one with `canary approve shop-prod-1`',
    });
    assert.deepEqual(await answerTo(['bob'], { approval: { ...RULE, from: ['bob', 'cem'] } }), {
      gate: 'approval',
      kind: 'waiting',
      detail: '1 of 2 approvals (bob); bob or cem gives one with `canary approve shop-prod-1`',
    });
  });

  it('does not count whoever asked for the rollout, nor who is not on the list', async () => {
    assert.equal((await answerTo(['ann', 'bob'])).kind, 'waiting');
    assert.equal((await answerTo(['eve', 'bob'], { approval: { ...RULE, from: ['bob'] } })).kind, 'waiting');
  });

  it('waits again when an approval has expired', async () => {
    assert.equal((await answerTo(['bob', 'cem'], {}, HOUR)).kind, 'open');
    assert.equal((await answerTo(['bob', 'cem'], {}, HOUR + 1)).kind, 'waiting');
  });

  it('is open where the plan asks for nobody, and for a return', async () => {
    assert.equal((await answerTo([], { approval: null })).kind, 'open');
    assert.equal((await answerTo([], { purpose: 'return' })).kind, 'open');
  });
});
