import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CANDIDATE, plan, release, rollout, START } from '../../test/builders.ts';
import { type Past, remember } from '../../test/history.ts';
import { manualClock } from '../../test/supply-chain/manual-clock.ts';
import type { GateAnswer } from '../core/observation.ts';
import { openSqliteStore } from '../stores/sqlite/sqlite-store.ts';
import { verdictOfGate } from './verdict-of.ts';

const HOUR = 3_600_000;
const AFTER_DEV = plan({ after: 'dev' });

/** What the gate says two hours after the start, when this has happened in dev. */
async function ask(past: readonly Past[], changes = AFTER_DEV): Promise<GateAnswer> {
  const store = openSqliteStore(':memory:');
  for (const each of past) await remember(store, { environment: 'dev', ...each });
  const answer = await verdictOfGate(store, manualClock(START + 2 * HOUR)).ask(
    rollout({ plan: changes }),
    new AbortController().signal,
  );
  await store.close();
  return answer;
}

function codes(answer: GateAnswer): readonly string[] {
  assert.equal(answer.kind, 'closed', JSON.stringify(answer));
  return answer.kind === 'closed' ? (answer.refusals ?? []).map(({ code }) => code) : [];
}

describe('the gate of the environment before', () => {
  it('is open for what was promoted there', async () => {
    assert.equal((await ask([{ verdict: 'promoted' }])).kind, 'open');
  });

  it('is closed for what never was', async () => {
    const other = { verdict: 'promoted' as const, candidate: release('1.0.9') };
    assert.deepEqual(codes(await ask([other])), ['MISSING_VSA']);
    assert.deepEqual(codes(await ask([{ verdict: 'rejected' }])), ['MISSING_VSA']);
    assert.deepEqual(codes(await ask([{ verdict: 'aborted' }])), ['MISSING_VSA']);
  });

  it('has nothing to say of an environment that this engine has never seen', async () => {
    assert.equal((await ask([])).kind, 'open');
    assert.equal((await ask([{ verdict: 'rolled back', environment: 'test' }])).kind, 'open');
  });

  it('has nothing to say where nothing comes before, nor to a return', async () => {
    const past: Past = { verdict: 'rolled back', block: true };
    assert.equal((await ask([past], plan())).kind, 'open');
    assert.equal((await ask([past], plan({ after: 'dev', purpose: 'return' }))).kind, 'open');
    assert.deepEqual(codes(await ask([past])), ['VSA_POLICY']);
  });

  it('counts the latest judgement', async () => {
    const [good, bad]: readonly Past[] = [{ verdict: 'promoted' }, { verdict: 'rolled back' }];
    assert.deepEqual(codes(await ask([good ?? {}, bad ?? {}])), ['VSA_POLICY']);
    assert.equal((await ask([bad ?? {}, good ?? {}])).kind, 'open');
    assert.equal((await ask([good ?? {}, { verdict: 'rejected' }, { verdict: 'aborted' }])).kind, 'open');
  });

  it('is closed for what is blocked there, also when a return did that', async () => {
    const back: Past = {
      verdict: 'promoted',
      candidate: CANDIDATE,
      block: true,
      reasons: [{ code: 'returned', to: '1.0.0' }],
    };
    assert.deepEqual(codes(await ask([{ verdict: 'promoted' }, back])), ['VSA_POLICY']);
  });

  it('waits while it is under way there, also on its way back', async () => {
    const answer = await ask([{ verdict: 'promoted' }, {}]);
    assert.match(answer.kind === 'waiting' ? answer.detail : '', /shop-dev-2 is gating in dev/);
  });

  it('waits until it has lasted', async () => {
    const soaking = plan({ after: 'dev', soak: 2 * HOUR });
    const young = await ask([{ verdict: 'promoted', at: START + 1 }], soaking);
    assert.match(young.kind === 'waiting' ? young.detail : '', /has to last 2 h: another 1 ms/);
    assert.equal((await ask([{ verdict: 'promoted' }], soaking)).kind, 'open');
  });

  it('does not count the time anew when the candidate was found to be stable already', async () => {
    const soaking = plan({ after: 'dev', soak: 2 * HOUR });
    const again: Past = {
      verdict: 'promoted',
      at: START + HOUR,
      reasons: [{ code: 'already-stable', release: '1.1.0' }],
    };
    assert.equal((await ask([{ verdict: 'promoted' }, again], soaking)).kind, 'open');
    assert.equal((await ask([again], soaking)).kind, 'waiting');
  });
});
