import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plan, rollout, START } from '../../test/builders.ts';
import { manualClock } from '../../test/supply-chain/manual-clock.ts';
import type { Approval } from '../core/permission/approval.ts';
import type { GateAnswer } from '../core/observation.ts';
import type { Plan } from '../core/plan.ts';
import { approvalGate } from './approval.ts';

const HOUR = 3_600_000;
const TWO = plan({ approval: { people: 2, from: null, expires: HOUR } });

function given(by: string, ago: number = 0): Approval {
  return { by, at: START - ago, note: null };
}

function ask(approvals: readonly Approval[], rules: Plan = TWO): Promise<GateAnswer> {
  return approvalGate(manualClock(START)).ask(
    rollout({ plan: rules, approvals }),
    new AbortController().signal,
  );
}

describe('the gate of approvals', () => {
  it('waits for as many people as the plan says, and names how', async () => {
    assert.equal((await ask([given('bob'), given('cem')])).kind, 'open');
    const answer = await ask([given('bob')]);
    assert.match(
      answer.kind === 'waiting' ? answer.detail : '',
      /^1 of 2 approvals \(bob\); anybody but ann gives one with `canary approve shop-prod-1`/,
    );
  });

  it('is open where nobody has to say yes, and for a return', async () => {
    assert.equal((await ask([], plan())).kind, 'open');
    assert.equal((await ask([], { ...TWO, purpose: 'return' })).kind, 'open');
  });

  it('counts neither who asked for it, nor anybody twice, nor what is too old, nor who may not', async () => {
    const only = plan({ approval: { people: 2, from: ['bob', 'ann'], expires: HOUR } });
    assert.equal((await ask([given('bob'), given('ann')])).kind, 'waiting');
    assert.equal((await ask([given('bob'), given('bob')])).kind, 'waiting');
    assert.equal((await ask([given('bob'), given('cem', HOUR + 1)])).kind, 'waiting');
    assert.equal((await ask([given('bob'), given('cem', HOUR)])).kind, 'open');
    assert.equal((await ask([given('bob'), given('cem')], only)).kind, 'waiting');
  });

  it('knows a person by any spelling of the name', async () => {
    for (const ann of ['Ann', ' ann', 'ann\u200b', 'ａｎｎ', 'an\u00adn']) {
      assert.equal((await ask([given('bob'), given(ann)])).kind, 'waiting', JSON.stringify(ann));
    }
    assert.equal((await ask([given('bob'), given('BOB ')])).kind, 'waiting');
    assert.equal((await ask([given('bob'), given(' ')])).kind, 'waiting');
    const only = plan({ approval: { people: 1, from: ['Bob'], expires: HOUR } });
    assert.equal((await ask([given('bob')], only)).kind, 'open');
  });
});
