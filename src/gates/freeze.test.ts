import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plan, rollout } from '../../test/builders.ts';
import { virtualClock } from '../../test/simulation/virtual-clock.ts';
import type { FreezeWindow } from '../core/freeze.ts';
import type { Plan } from '../core/plan.ts';
import { freezeGate } from './freeze.ts';

const WEEKEND: FreezeWindow = {
  name: 'weekend',
  kind: 'weekly',
  zone: 'Europe/Berlin',
  days: [5],
  from: 15 * 60,
  to: 24 * 60,
};
const HOLIDAYS: FreezeWindow = {
  name: 'holidays',
  kind: 'once',
  zone: 'Europe/Berlin',
  from: '2026-12-24T00:00',
  to: '2027-01-02T00:00',
};
const FRIDAY_EVENING = '2026-11-20T18:00Z';
const FRIDAY_MORNING = '2026-11-20T08:00Z';

function answerAt(time: string, changes: Partial<Plan> = {}) {
  const state = rollout({ plan: plan({ freeze: [WEEKEND, HOLIDAYS], ...changes }) });
  return freezeGate(virtualClock(Date.parse(time))).ask(state, AbortSignal.any([]));
}

describe('the freeze gate', () => {
  it('is closed while one of the windows holds, and says which, until when, and what to do', async () => {
    const answer = await answerAt(FRIDAY_EVENING);
    assert.ok(answer.kind === 'closed');
    assert.equal(answer.detail, 'no rollout begins during "weekend", until 00:00 (Europe/Berlin)');
    assert.deepEqual(
      answer.refusals?.map(({ code }) => code),
      ['FROZEN'],
    );
    assert.match(answer.refusals?.[0]?.remedy ?? '', /--hotfix/);
    const later = await answerAt('2026-12-31T12:00Z');
    assert.ok(later.kind === 'closed');
    assert.match(later.detail, /"holidays", until 2027-01-02 00:00/);
  });

  it('is open at all other times, and where there are no windows', async () => {
    assert.deepEqual(await answerAt(FRIDAY_MORNING), { gate: 'freeze', kind: 'open' });
    assert.equal((await answerAt(FRIDAY_EVENING, { freeze: [] })).kind, 'open');
  });

  it('never keeps anybody from returning to an earlier release', async () => {
    assert.equal((await answerAt(FRIDAY_EVENING, { purpose: 'return' })).kind, 'open');
  });
});
