import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plan, rollout, START } from '../../test/builders.ts';
import { manualClock } from '../../test/supply-chain/manual-clock.ts';
import type { FreezeWindow } from '../core/permission/freeze.ts';
import { freezeGate } from './freeze.ts';

/** The start is a Monday, at noon. */
const LUNCH: FreezeWindow = {
  name: 'lunch',
  kind: 'weekly',
  zone: 'UTC',
  days: [1],
  from: 12 * 60,
  to: 13 * 60,
};

function ask(now: number, purpose: 'deliver' | 'return' = 'deliver') {
  const rules = plan({ freeze: [LUNCH], purpose });
  return freezeGate(manualClock(now)).ask(rollout({ plan: rules }), new AbortController().signal);
}

describe('the gate of freezes', () => {
  it('is closed in one of its windows, and says which and until when', async () => {
    const answer = await ask(START);
    assert.ok(answer.kind === 'closed');
    assert.match(answer.detail, /during "lunch", until 13:00 \(UTC\)/);
    assert.deepEqual(
      answer.refusals?.map(({ code }) => code),
      ['FROZEN'],
    );
  });

  it('is open outside of them', async () => {
    assert.equal((await ask(START - 1)).kind, 'open');
    assert.equal((await ask(START + 3_600_000)).kind, 'open');
  });

  it('never keeps anybody from a return', async () => {
    assert.equal((await ask(START, 'return')).kind, 'open');
  });
});
