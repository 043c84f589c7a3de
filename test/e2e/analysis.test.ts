import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { project } from './project.ts';

const judged = z.object({
  stoppedAfterSeconds: z.number().nullable(),
  candidate: z.object({ requests: z.number(), failed: z.number() }),
});
const replayed = z.object({ recorded: judged, configured: judged.nullable() });
const status = z.object({
  rollout: z.object({
    evidence: z.object({
      towardsRollback: z.number(),
      measures: z.array(z.object({ measure: z.string() })),
      differences: z.array(z.object({ target: z.string(), low: z.number(), high: z.number() })),
    }),
  }),
});

describe('the analysis of a rollout', () => {
  it('shows its evidence while it is under way, and judges the record again', async (t) => {
    const shop = await project(t);
    shop.configure((config) => ({
      ...config,
      environments: config.environments.map((each) => ({
        ...each,
        plan: { steps: [{ weight: 10, hold: '60s' }], guard: '5s' },
      })),
    }));
    await shop.canary('deploy', '--release', '1.0.0');
    shop.load();
    const good = shop.start('deploy', '--release', '1.1.0');
    await shop.until(({ evidence }) => (evidence?.targets['web']?.counted.candidate.requests ?? 0) > 0);
    const { rollout } = status.parse(JSON.parse((await shop.canary('status', '--json')).stdout));
    assert.deepEqual(
      rollout.evidence.measures.map(({ measure }) => measure),
      ['errors', 'latency', 'traffic'],
    );
    assert.ok(rollout.evidence.towardsRollback < 1);
    assert.equal(rollout.evidence.differences[0]?.target, 'web');
    assert.match((await shop.canary('status')).stdout, /evidence .* of what a rollback takes/);
    await shop.canary('rollback');
    await good.ended;

    assert.equal((await shop.canary('deploy', '--release', 'fails-1')).code, 1);
    const same = replayed.parse(JSON.parse((await shop.canary('replay', '--json')).stdout));
    assert.deepEqual(same.configured, same.recorded);
    assert.ok(same.recorded.stoppedAfterSeconds !== null && same.recorded.candidate.failed > 0);

    const lenient = path.join(shop.directory, 'lenient.json');
    shop.configure((config) => ({
      ...config,
      environments: config.environments.map((each) => ({
        ...each,
        plan: { ...each.plan, analysis: { alpha: '0.0000001%' } },
      })),
    }));
    writeFileSync(lenient, '{}');
    const other = await shop.canary('replay', '--json');
    assert.equal(replayed.parse(JSON.parse(other.stdout)).configured?.stoppedAfterSeconds, null);
    const wrong = await shop.canary('replay', '--config', lenient);
    assert.equal(wrong.code, 2);
    const missing = await shop.canary('replay', 'shop-dev-99');
    assert.match(missing.stderr, /There is no rollout shop-dev-99; `canary history` lists them/);
  });

  it('can be rehearsed', async (t) => {
    const shop = await project(t);
    const { code, stdout } = await shop.canary('simulate', '--runs', '3', '--against', 'argo', '--json');
    assert.equal(code, 0);
    const { rows } = z
      .object({ rows: z.array(z.object({ candidate: z.number(), rules: z.array(z.unknown()) })) })
      .parse(JSON.parse(stdout));
    assert.equal(rows.at(-1)?.candidate, 1);
    assert.equal(rows[0]?.rules.length, 3);
    for (const wrong of [
      ['--rps', 'many'],
      ['--candidate', '5'],
      ['--against', 'jenkins'],
      ['--every', '1'],
    ]) {
      const refused = await shop.canary('simulate', ...wrong);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, new RegExp(`^${wrong[0]} (takes|does not know)`));
    }
  });
});
