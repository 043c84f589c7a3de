import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imageRelease, plan, release, rollout } from '../../test/builders.ts';
import { type Past, remember } from '../../test/history.ts';
import type { Release } from '../core/release.ts';
import { openSqliteStore } from '../stores/sqlite/sqlite-store.ts';
import { floorGate } from './floor.ts';

const [A, B, C] = [imageRelease('1.0.0'), imageRelease('1.1.0'), imageRelease('1.2.0')];
const promoted = (candidate: Release, purpose: 'deliver' | 'return' = 'deliver'): Past => ({
  candidate,
  verdict: 'promoted',
  plan: plan({ purpose }),
});

async function ask(past: readonly Past[], candidate: Release, purpose: 'deliver' | 'return' = 'deliver') {
  const store = openSqliteStore(':memory:');
  for (const each of past) await remember(store, each);
  const answer = await floorGate(store).ask(
    rollout({ candidate, plan: plan({ purpose }) }),
    new AbortController().signal,
  );
  await store.close();
  return answer;
}

describe('the floor', () => {
  it('lets nothing back in that something newer has replaced', async () => {
    const answer = await ask([promoted(A), promoted(B)], A);
    assert.ok(answer.kind === 'closed');
    assert.deepEqual(
      answer.refusals?.map(({ code }) => code),
      ['ROLLBACK'],
    );
    assert.match(answer.detail, /shop-prod-2 has replaced it by 1\.1\.0/);
  });

  it('is open for what was never here, for what is here, and for what never got here', async () => {
    assert.equal((await ask([], A)).kind, 'open');
    assert.equal((await ask([promoted(A)], B)).kind, 'open');
    assert.equal((await ask([promoted(A), promoted(B)], B)).kind, 'open');
    assert.equal((await ask([{ ...promoted(A), verdict: 'aborted' }, promoted(B)], A)).kind, 'open');
    assert.equal((await ask([promoted(A), { ...promoted(B), verdict: 'rolled back' }], A)).kind, 'open');
    assert.equal((await ask([promoted(A), { ...promoted(B), environment: 'dev' }], A)).kind, 'open');
  });

  it('does not keep anybody from a return that is ordered', async () => {
    assert.equal((await ask([promoted(A), promoted(B)], A, 'return')).kind, 'open');
  });

  it('is not raised by a return: what it replaced may come again once it is unblocked', async () => {
    const past = [promoted(A), promoted(B), promoted(A, 'return')];
    assert.equal((await ask(past, B)).kind, 'open');
    assert.equal((await ask(past, A)).kind, 'open');
    assert.equal((await ask([...past, promoted(C)], A)).kind, 'closed');
  });

  it('is for images: whoever deploys commands names what they are himself', async () => {
    const [one, two] = [release('1.0.0'), release('1.1.0')];
    assert.equal((await ask([promoted(one), promoted(two)], one)).kind, 'open');
  });
});
