import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sample, START } from '../../../test/builders.ts';
import { block } from '../../../test/counts.ts';
import { type Random, seededRandom } from '../random.ts';
import type { Sample } from '../sample.ts';
import { type Alternative, FAILS_MORE, IS_AS_GOOD, IS_SLOWER } from './alternative.ts';
import { assess } from './assess.ts';
import type { Block, Rates } from './count.ts';
import { beginProcess, bet, logEOf, type Process, type ProcessSettings } from './e-process.ts';
import { beginEvidence, type Evidence, type Interval, learn } from './evidence.ts';
import { boundary, type LinearNull, logBlockEValue } from './linear-null.ts';
import type { Moment } from './mixture.ts';
import { clip } from './numerics.ts';
import { ONCE } from './onset.ts';
import { type AnalysisSettings, usualSettings } from './settings.ts';

/**
 * The guarantee, by summing over every possible outcome instead of sampling some: under every pair of rates within the
 * hypothesis the expected e-value is at most 1. Each check is also shown to catch a mistake.
 */
const ROUNDING = 1e-9;

/** Every outcome of a block of these sizes, with its probability. */
function outcomes(sizes: Rates, rates: Rates): readonly { block: Block; probability: number }[] {
  return range(sizes.candidate).flatMap((x) =>
    range(sizes.stable).map((y) => ({
      block: block(sizes.candidate, x, sizes.stable, y),
      probability: chanceOf(x, sizes.candidate, rates.candidate) * chanceOf(y, sizes.stable, rates.stable),
    })),
  );
}

function range(last: number): readonly number[] {
  return Array.from({ length: last + 1 }, (_, index) => index);
}

function chanceOf(bad: number, requests: number, rate: number): number {
  if (rate === 0) return bad === 0 ? 1 : 0;
  if (rate === 1) return bad === requests ? 1 : 0;
  let choose = 1;
  for (let index = 0; index < bad; index += 1) choose *= (requests - index) / (index + 1);
  return choose * rate ** bad * (1 - rate) ** (requests - bad);
}

/** A rate anywhere in (0, 1), as often near the ends as in the middle. */
function anyRate(random: Random): number {
  const kind = random.below(4);
  if (kind === 0) return 1e-6 * 10 ** (5 * random.next());
  return kind === 1 ? 1 - 0.1 * random.next() ** 3 : 0.001 + 0.99 * random.next();
}

function anyHypothesis(random: Random): LinearNull {
  const side = random.chance(0.5) ? 'at-most' : 'at-least';
  const kind = random.below(4);
  if (kind === 0) return { offset: 0, slope: 1, side };
  if (kind === 1) return { offset: anyRate(random), slope: 0, side };
  return {
    offset: kind === 2 ? 0.2 * random.next() - 0.1 : 0.01 * random.next(),
    slope: 0.3 + 1.7 * random.next(),
    side,
  };
}

/** Rates within the hypothesis: mostly on its edge, where it is tightest. Null if that lies outside of what is possible. */
function ratesWithin(hypothesis: LinearNull, random: Random): Rates | null {
  const stable = anyRate(random);
  const edge = boundary(hypothesis, stable);
  const inside = hypothesis.side === 'at-most' ? edge * random.next() : edge + (1 - edge) * random.next();
  const candidate = random.chance(0.7) ? edge : inside;
  return candidate >= 0 && candidate <= 1 ? { stable, candidate } : null;
}

describe('the e-value of one block', () => {
  const CASES = 40_000;

  /** The largest expectation over random blocks, alternatives and hypotheses. */
  function largestExpectation(score: typeof logBlockEValue): number {
    const random = seededRandom(20_240_1);
    let largest = 0;
    let cases = 0;
    while (cases < CASES) {
      const hypothesis = anyHypothesis(random);
      const rates = ratesWithin(hypothesis, random);
      if (rates === null) continue;
      const sizes = { candidate: random.below(5), stable: random.below(7) };
      const alternative = { candidate: anyRate(random), stable: anyRate(random) };
      let expectation = 0;
      for (const each of outcomes(sizes, rates)) {
        expectation += each.probability * Math.exp(score(each.block, alternative, hypothesis));
      }
      largest = Math.max(largest, expectation);
      cases += 1;
    }
    return largest;
  }

  it('is at most 1 in expectation, whatever the rates within the hypothesis', () => {
    const largest = largestExpectation(logBlockEValue);
    assert.ok(largest <= 1 + ROUNDING, `${largest}`);
    assert.ok(largest > 1 - 1e-6, 'the check reaches the edge of the hypothesis');
  });

  it('would not be if stable alone were taken for the truth', () => {
    const naive: typeof logBlockEValue = (counts, alternative, hypothesis) =>
      logBlockEValue(counts, alternative, {
        ...hypothesis,
        offset: clip(boundary(hypothesis, alternative.stable), 0.001, 0.999),
        slope: 0,
      });
    assert.ok(largestExpectation(naive) > 1.01);
  });
});

type Bet = typeof bet;

const ONSETS = { every: 1, horizon: 3, steps: 2, mass: 0.2 };
const PROCESSES: readonly ProcessSettings[] = [
  against(FAILS_MORE, { offset: 0, slope: 1, side: 'at-most' }),
  against(FAILS_MORE, { offset: 0.01, slope: 1.2, side: 'at-most' }),
  against(IS_SLOWER, { offset: 0, slope: 1, side: 'at-most' }),
  { ...against(FAILS_MORE, { offset: 0, slope: 1, side: 'at-most' }), temper: 0.4, cap: 1 },
  against(IS_AS_GOOD, { offset: 0.05, slope: 1, side: 'at-least' }),
  { ...against(IS_AS_GOOD, { offset: 0.05, slope: 0, side: 'at-least' }), onsets: ONCE },
];

function against(alternatives: ProcessSettings['alternatives'], hypothesis: LinearNull): ProcessSettings {
  return { hypothesis, alternatives, onsets: ONSETS, temper: 1, cap: null };
}

/** Expectation of the process after three blocks of changing rates, summed over all their outcomes. */
function expectedEvidence(settings: ProcessSettings, rates: readonly Rates[], each: Bet): number {
  const moments: readonly Moment[] = [0, 0, 1].map((step) => ({ duration: 1, step, isNewStep: false }));
  const sizes = { candidate: 2, stable: 3 };
  function expect(process: Process, index: number): number {
    const [truth, moment] = [rates[index], moments[index]];
    if (truth === undefined || moment === undefined) return Math.exp(logEOf(process, settings));
    return outcomes(sizes, truth).reduce(
      (sum, outcome) =>
        sum + outcome.probability * expect(each(process, settings, outcome.block, moment), index + 1),
      0,
    );
  }
  return expect(beginProcess({ requests: 100, bad: 3 }), 0);
}

function largestEvidence(each: Bet): number {
  const random = seededRandom(7);
  let largest = 0;
  for (const settings of PROCESSES) {
    for (let round = 0; round < 12; round += 1) {
      const rates: Rates[] = [];
      while (rates.length < 3) {
        const drawn = ratesWithin(settings.hypothesis, random);
        if (drawn !== null) rates.push(drawn);
      }
      largest = Math.max(largest, expectedEvidence(settings, rates, each));
    }
  }
  return largest;
}

describe('an e-process', () => {
  it('is at most 1 in expectation while rates drift, with all its learning, onsets, tempering and capping', () => {
    const largest = largestEvidence(bet);
    assert.ok(largest <= 1 + ROUNDING, `${largest}`);
    assert.ok(largest > 0.99, `${largest}`);
  });

  it('would not be if it learnt from a block what to bet on it', () => {
    const peeking: Bet = (process, settings, counts, moment) => {
      const { bad, requests } = counts.candidate;
      const seen: Alternative = { kind: 'rate', rate: (bad + 0.5) / (requests + 1) };
      return bet(
        process,
        { ...settings, alternatives: settings.alternatives.map(() => seen) },
        counts,
        moment,
      );
    };
    assert.ok(largestEvidence(peeking) > 1.01);
  });

  it('would not be if it bet on a block again', () => {
    const twice: Bet = (process, settings, counts, moment) =>
      bet(bet(process, settings, counts, moment), settings, counts, moment);
    assert.ok(largestEvidence(twice) > 1.01);
  });

  it('would not be if later onsets were not taken from the stake', () => {
    const generous: Bet = (process, settings, counts, moment) => {
      const after = bet(process, settings, counts, moment);
      return { ...after, mixture: { ...after.mixture, onsets: 0 } };
    };
    assert.ok(largestEvidence(generous) > 1.01);
  });
});

describe('the whole analysis', () => {
  /** How a single request may end. The arms do the same: it is the same release. */
  const ENDINGS: readonly { sample: Sample; probability: number }[] = [
    { sample: sample(1, 0, 20), probability: 0.6 },
    { sample: sample(1, 0, 500), probability: 0.25 },
    { sample: sample(1, 1), probability: 0.15 },
  ];
  const SHARE = 0.4;
  const NOBODY = sample(0);

  const SETTINGS: AnalysisSettings = {
    ...usualSettings([
      { weight: 40, hold: 2_000 },
      { weight: 40, hold: 2_000 },
    ]),
    onsets: { every: 1_000, horizon: 2_000, steps: 2, mass: 0.2 },
    slo: { errors: 0.15, latency: 400 },
  };
  const HISTORY: Sample = sample(400, 30);

  /** Everything that two requests, each to either arm, can do. */
  const TWO = ENDINGS.flatMap((first) =>
    ENDINGS.flatMap((second) => [
      {
        arms: { candidate: first.sample, stable: second.sample },
        probability: 2 * SHARE * (1 - SHARE) * first.probability * second.probability,
      },
      {
        arms: { candidate: add(first.sample, second.sample), stable: NOBODY },
        probability: SHARE ** 2 * first.probability * second.probability,
      },
      {
        arms: { candidate: NOBODY, stable: add(first.sample, second.sample) },
        probability: (1 - SHARE) ** 2 * first.probability * second.probability,
      },
    ]),
  );

  function add(one: Sample, other: Sample): Sample {
    return {
      requests: one.requests + other.requests,
      failed: one.failed + other.failed,
      latency: one.latency.map((count, bucket) => count + (other.latency[bucket] ?? 0)),
    };
  }

  /** Blocks in time: which target, in which step. */
  const BLOCKS = [
    { target: 'web', step: 0 },
    { target: 'worker', step: 0 },
    { target: 'web', step: 1 },
  ];

  function expected(each: (evidence: Evidence, interval: Interval) => Evidence): number {
    function expect(evidence: Evidence, index: number): number {
      const next = BLOCKS[index];
      if (next === undefined) return Math.exp(assess(evidence, SETTINGS, 0).against);
      return TWO.reduce((sum, { arms, probability }) => {
        const from = START + index * 1_000;
        const interval = { ...next, weight: 40, from, to: from + 1_000, arms, flush: true };
        return sum + probability * expect(each(evidence, interval), index + 1);
      }, 0);
    }
    return expect(beginEvidence(SETTINGS, { web: HISTORY, worker: HISTORY }), 0);
  }

  it('expects no evidence against a candidate that is the same release, over metrics, targets and steps', () => {
    const expectation = expected((evidence, interval) => learn(evidence, SETTINGS, interval));
    assert.ok(expectation <= 1 + ROUNDING, `${expectation}`);
    assert.ok(expectation > 0.85, `${expectation}`);
  });

  it('is not fooled by an interval that is delivered twice', () => {
    const once = expected((evidence, interval) => learn(evidence, SETTINGS, interval));
    const twice = expected((evidence, interval) =>
      learn(learn(evidence, SETTINGS, interval), SETTINGS, interval),
    );
    assert.equal(twice, once);
  });

  it('would be fooled by one that is dressed up as new', () => {
    const dressed = expected((evidence, interval) =>
      learn(learn(evidence, SETTINGS, interval), SETTINGS, {
        ...interval,
        from: interval.to,
        to: interval.to + 1_000,
      }),
    );
    assert.ok(dressed > 1.001, `${dressed}`);
  });
});
