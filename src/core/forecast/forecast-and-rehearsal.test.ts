import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANALYSIS, plan } from '../../../test/builders.ts';
import { near } from '../../../test/scenes.ts';
import type { Plan } from '../plan.ts';
import { seededRandom } from '../random.ts';
import { forecast } from './forecast.ts';
import { type Rehearsal, rehearse } from './rehearsal.ts';

const MINUTE = 60_000;
const STABLE = 0.001;
const RUNS = 50;

function rehearsals(rules: Plan, requestsPerSecond: number, candidate: number): readonly Rehearsal[] {
  return Array.from({ length: RUNS }, (_, run) =>
    rehearse(
      rules,
      { requestsPerSecond, errorRates: { stable: STABLE, candidate } },
      1_000,
      seededRandom(31 * run + 1),
    ),
  );
}

function share(all: readonly Rehearsal[], end: Rehearsal['end']): number {
  return all.filter((each) => each.end === end).length / all.length;
}

function meanFailed(all: readonly Rehearsal[]): number {
  return all.reduce((sum, { candidate }) => sum + candidate.failed, 0) / all.length;
}

function foretold(rules: Plan, requestsPerSecond: number) {
  const found = forecast({
    plan: rules,
    traffic: { requestsPerSecond, errorRate: STABLE, p99: 75 },
    freshness: { every: 1_000, lag: 0, switching: 0 },
    seed: 1,
  });
  assert.ok(found !== null);
  return found;
}

/** The same plan is turned on imagined traffic by the decisions of a real rollout. */
describe('what is foretold', () => {
  const rules = plan({ analysis: ANALYSIS, checks: [], steps: [{ weight: 20, hold: MINUTE }] });

  it('is what a bad release costs, and the least of how likely it is found', () => {
    for (const requestsPerSecond of [3, 20]) {
      const { bad } = foretold(rules, requestsPerSecond);
      const real = rehearsals(rules, requestsPerSecond, 0.05);
      near(meanFailed(real), bad[0]?.failed ?? NaN, 2.5);
      // A rehearsal ends where a rollout is held; the forecast goes on, as more evidence may come.
      const found = bad[0]?.found ?? NaN;
      const [already, yet] = [share(real, 'rolled back'), share(real, 'held')];
      assert.ok(found < already + yet + 0.15, `${requestsPerSecond}/s: ${found}, ${already} and ${yet}`);
      assert.ok(yet > 0.5 || already > found - 0.15, `${requestsPerSecond}/s: ${found}, ${already}`);
    }
  });

  it('is found as often as is said of the smallest that is found', () => {
    const [step] = foretold(rules, 20).steps;
    const chance = share(rehearsals(rules, 20, step?.smallest ?? NaN), 'rolled back');
    assert.ok(chance >= 0.75, `${chance}`);
  });

  it('is whether a good release gets through, and how long it takes', () => {
    const enough = foretold(rules, 20).good;
    const promoted = rehearsals(rules, 20, STABLE);
    assert.ok(enough.isPromoted && share(promoted, 'promoted') > 0.9);
    near(Math.min(...promoted.map(({ took }) => took)), enough.duration, 3_000);
    assert.equal(foretold(rules, 1).steps[0]?.course.kind, 'held');
    assert.ok(share(rehearsals(rules, 1, STABLE), 'held') > 0.9);
  });
});
