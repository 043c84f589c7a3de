import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sample } from '../../../test/builders.ts';
import { ONCE } from './onset.ts';
import { usualSettings } from './settings.ts';
import { learnTraffic, NO_TRAFFIC_SEEN, trafficAgainst, trafficInFavour } from './traffic.ts';

/** The test on its own: the whole stake at the first block. */
const SETTINGS = { ...usualSettings([]), onsets: ONCE };
const MOMENT = { duration: 1_000, step: 0, isNewStep: false };

function after(candidate: number, stable: number, share: number) {
  const arms = { candidate: sample(candidate), stable: sample(stable) };
  return learnTraffic(NO_TRAFFIC_SEEN, SETTINGS, arms, share, MOMENT);
}

function requestsToNotice(share: number): number {
  let stable = 0;
  while (trafficAgainst(after(0, stable, share), SETTINGS) < Math.log(100)) stable += 1;
  return stable;
}

describe('a silent candidate', () => {
  it('is noticed after 72 requests of stable at 10 %, 147 at 5 %, 744 at 1 %', () => {
    assert.deepEqual([0.1, 0.05, 0.01].map(requestsToNotice), [72, 147, 744]);
  });

  it('is not one that ends three quarters of its share', () => {
    assert.ok(trafficAgainst(after(75, 925, 0.1), SETTINGS) < 0);
  });

  it('is ruled out by a few requests more than its least share', () => {
    assert.ok(trafficInFavour(after(100, 900, 0.1)) > Math.log(20));
    assert.ok(trafficInFavour(after(0, 900, 0.1)) < 0);
  });

  it('cannot be told without a share', () => {
    assert.equal(trafficAgainst(after(0, 500, 0), SETTINGS), 0);
  });

  it('is judged at full weight too', () => {
    const { against, inFavour } = after(100, 1, 1);
    assert.ok([...against.logWealth, ...inFavour.logWealth].every(Number.isFinite));
  });
});
