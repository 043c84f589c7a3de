import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ANALYSIS, plan } from '../../../test/builders.ts';
import { USUAL_PEERS } from '../peers/usual-peers.ts';
import { seededRandom } from '../random.ts';
import { analysisSettings } from '../judging/sequential.ts';
import { contest } from './contest.ts';
import { rehearse } from './rehearsal.ts';

const PLAN = plan({ checks: [], analysis: ANALYSIS });

function ends(candidate: number, rules = PLAN): readonly string[] {
  const traffic = { requestsPerSecond: 100, errorRates: { stable: 0.001, candidate } };
  return Array.from({ length: 20 }, (_, seed) => rehearse(rules, traffic, 1_000, seededRandom(seed)).end);
}

it('promotes a release that is as good as stable', () => {
  assert.deepEqual(new Set(ends(0.001)), new Set(['promoted']));
});

it('rolls a bad release back', () => {
  assert.deepEqual(new Set(ends(0.3)), new Set(['rolled back']));
});

it('holds where there is nobody to judge by', () => {
  const traffic = { requestsPerSecond: 0.01, errorRates: { stable: 0.001, candidate: 1 } };
  assert.equal(rehearse(PLAN, traffic, 1_000, seededRandom(1)).end, 'held');
});

it('knows plain limits as well, and plans without any judge', () => {
  const limits = plan({ analysis: null });
  assert.deepEqual(new Set(ends(0.3, limits)), new Set(['rolled back']));
  assert.deepEqual(new Set(ends(0.3, { ...limits, checks: [] })), new Set(['promoted']));
});

it('comes out the same for the same seed', () => {
  const traffic = { requestsPerSecond: 50, errorRates: { stable: 0.01, candidate: 0.05 } };
  const once = () => rehearse(PLAN, traffic, 500, seededRandom(3));
  assert.deepEqual(once(), once());
});

it('lets all rules see the same traffic', () => {
  const arena = {
    traffic: { requestsPerSecond: 100, errorRates: { stable: 0.001, candidate: 1 } },
    weight: 10,
    seconds: 300,
  };
  const results = contest(arena, analysisSettings(PLAN), USUAL_PEERS, seededRandom(1));
  const [ours, ...others] = results;
  assert.equal(ours?.seconds, 1);
  assert.ok(others.length > 0 && others.every(({ seconds }) => seconds === null || seconds >= 60));
  // Who stops in the same second has seen the same failures.
  const failed = Map.groupBy(results, ({ seconds }) => seconds);
  for (const group of failed.values()) assert.equal(new Set(group.map((each) => each.failed)).size, 1);
});
