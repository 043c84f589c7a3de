import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { near, scene } from '../../../test/scenes.ts';
import { chanceAfter, computedFate } from './computed.ts';

describe('what becomes of a bad candidate, computed', () => {
  it('is as computed independently, look by look', () => {
    const failedUntilBack = new Map([
      [0.002, 6],
      [0.003, 8.5],
      [0.005, 10.2],
      [0.007, 9],
      [0.01, 7.4],
      [0.02, 5.5],
      [0.05, 4.6],
      [0.2, 4.3],
    ]);
    for (const [rate, failed] of failedUntilBack) near(computedFate(scene(), rate).failed, failed, 0.06);
    for (const [rate, seconds] of [
      [0.005, 213],
      [0.007, 118],
      [0.01, 68],
      [0.02, 25],
      [0.05, 8],
      [0.2, 2],
    ] as const)
      near((computedFate(scene(), rate).backAfter ?? NaN) / 1_000, seconds, 0.05 * seconds);
  });

  it('has no median where less than half are found', () => {
    assert.equal(computedFate(scene(), 0.002).backAfter, null);
  });

  it('costs what fails before the metrics come, and until traffic is back', () => {
    const late = scene({ freshness: { every: 1_000, lag: 20_000, switching: 1_000 } });
    const extra = computedFate(late, 0.2).failed - computedFate(scene(), 0.2).failed;
    near(extra, 10 * 0.2 * 21, 0.01);
    near(
      (computedFate(late, 0.2).backAfter ?? NaN) - (computedFate(scene(), 0.2).backAfter ?? NaN),
      21_000,
      1,
    );
  });

  it('costs more where a look comes seldom', () => {
    const seldom = scene({ freshness: { every: 60_000, lag: 0, switching: 0 } });
    near(computedFate(seldom, 1).failed, 600, 0.001);
    near(computedFate(seldom, 0.01).failed, 9, 1.5);
  });

  it('is harder to find on one of several targets than on the only one', () => {
    const alone = chanceAfter(scene(), 0.005, 300_000);
    const shared = chanceAfter(scene({ targets: 3 }), 0.005, 300_000);
    assert.ok(shared < alone, `${shared} < ${alone}`);
    assert.ok(shared > 0.05);
  });

  it('takes more failures where they come in clusters', () => {
    const { settings } = scene();
    const clustered = scene({ settings: { ...settings, overdispersion: { errors: 3, latency: null } } });
    assert.ok(computedFate(clustered, 0.02).failed > 2 * computedFate(scene(), 0.02).failed);
  });

  it('takes several blocks where no single one may decide', () => {
    const capped = scene({ settings: { ...scene().settings, cap: true } });
    assert.equal(chanceAfter(capped, 1, 1_000), 0);
    near(computedFate(capped, 1).failed, 20, 0.001);
  });

  it('finds a breach of a limit where there is nothing to compare with', () => {
    const { settings } = scene();
    const everything = scene({ weight: 100, rps: 2 });
    assert.equal(chanceAfter(everything, 0.2, 300_000), 0);
    const limited = { ...everything, settings: { ...settings, slo: { errors: 0.01, latency: null } } };
    assert.ok(chanceAfter(limited, 0.2, 300_000) > 0.99);
  });
});
