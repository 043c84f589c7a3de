import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { PLANTED_GATE_BUGS } from './planted-gate-bugs.ts';
import { simulate } from './simulation.ts';

const HISTORIES = 200;
const BUG_HUNT = 400;

describe('the simulated system', () => {
  it(`keeps every promise through ${HISTORIES} troubled histories`, async () => {
    for (let seed = 1; seed <= HISTORIES; seed += 1) {
      const { violations, story } = await simulate(seed);
      const [first] = violations;
      assert.equal(
        first,
        undefined,
        `${replay(seed)}\n${first?.invariant}: ${first?.detail}\n${story.join('\n')}`,
      );
    }
  });

  it('tells the same story again for the same seed', async () => {
    assert.deepEqual(await simulate(5), await simulate(5));
  });
});

describe('the simulation finds a system that', () => {
  for (const [bug, parts] of Object.entries({ ...PLANTED_BUGS, ...PLANTED_GATE_BUGS })) {
    it(bug, async (t) => {
      for (let seed = 1; seed <= BUG_HUNT; seed += 1) {
        const { violations } = await simulate(seed, parts);
        const [first] = violations;
        if (first === undefined) continue;
        t.diagnostic(`found after ${seed} histories: ${first.invariant}: ${first.detail}`);
        return;
      }
      assert.fail(`not found in ${BUG_HUNT} histories`);
    });
  }
});

function replay(seed: number): string {
  return `seed ${seed} breaks a promise; to see how: node test/simulation/run.ts --seed ${seed}`;
}
