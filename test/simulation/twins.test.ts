import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MISJUDGEMENTS } from './misjudgements.ts';
import { type Circumstances, CIRCUMSTANCES, falseRollbacks } from './twins.ts';

/** Larger than the default, so that a broken guarantee shows in few rollouts. bench/twins has the large numbers. */
const ALPHA = 0.1;
const EACH = 40;
const HUNT = 60;

/** The most that chance leaves of a probability: three standard errors above it. */
function atMost(runs: number): number {
  return ALPHA * runs + 3 * Math.sqrt(runs * ALPHA * (1 - ALPHA));
}

function strict(circumstances: Circumstances): Circumstances {
  return { ...circumstances, analysis: { alpha: ALPHA } };
}

describe('a release that is the same as stable', () => {
  it(`is rolled back no more often than in ${100 * ALPHA} % of cases, whatever hits both`, async (t) => {
    let found = 0;
    for (const [name, circumstances] of Object.entries(CIRCUMSTANCES)) {
      const ofThese = await falseRollbacks(EACH, strict(circumstances));
      t.diagnostic(`${name}: ${ofThese} of ${EACH}`);
      found += ofThese;
    }
    assert.ok(found <= atMost(EACH * Object.keys(CIRCUMSTANCES).length), `${found} were rolled back`);
  });

  for (const [mistake, judge] of Object.entries(MISJUDGEMENTS)) {
    it(`would be rolled back more often by one who ${mistake}`, async (t) => {
      const found = await falseRollbacks(
        HUNT,
        strict(CIRCUMSTANCES['many failures'] ?? assert.fail()),
        judge,
      );
      t.diagnostic(`${found} of ${HUNT}`);
      assert.ok(found > atMost(HUNT), `only ${found} were rolled back`);
    });
  }

  it('needs the guard against clusters where failures come in clusters', async (t) => {
    const clusters: Circumstances = { ...(CIRCUMSTANCES['many failures'] ?? assert.fail()), retries: 2 / 3 };
    const unguarded = await falseRollbacks(HUNT, strict(clusters));
    const guarded = await falseRollbacks(HUNT, {
      ...clusters,
      analysis: { alpha: ALPHA, clusters: { overdispersion: 5, isCapped: false } },
    });
    t.diagnostic(`${unguarded} of ${HUNT} without, ${guarded} with it`);
    assert.ok(unguarded > atMost(HUNT) && guarded <= atMost(HUNT));
  });
});
