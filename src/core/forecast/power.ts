import { type Alternative, guess, LOWEST_RATE } from '../analysis/alternative.ts';
import type { Rates } from '../analysis/count.ts';
import { boundary, contradicts, type LinearNull, project } from '../analysis/linear-null.ts';
import { clip } from '../analysis/numerics.ts';
import type { Arms } from '../sample.ts';
import { binomialChances, poissonChances, tailsOf } from './chances.ts';

/** What rolls a candidate back: one of several bets that wins enough. */
export interface Trigger {
  readonly hypothesis: LinearNull;
  readonly alternatives: readonly Alternative[];
  /** What the log e-value of a single bet must reach. */
  readonly needed: number;
}

/** What is put to the test: requests of both arms, and the shares of them that are bad. */
export interface Trial {
  readonly requests: Arms<number>;
  readonly rates: Rates;
  /** Stable's rate as the bets expect it; its true rate if it is left out. */
  readonly expected?: number;
}

/**
 * The probability that the requests bring enough evidence to roll the candidate back. All of them are taken as one block: the
 * log e-value of each bet is linear in the counts of bad requests, of which stable's are Poisson and the candidate's
 * binomial, and the best bet is taken. Rather too low, as evidence that is looked at all the time may reach the limit in
 * between and bets add up; but too high where there is little traffic.
 */
export function power({ hypothesis, alternatives, needed }: Trigger, trial: Trial): number {
  const { rates, expected = rates.stable } = trial;
  const sizes = { stable: trial.requests.stable, candidate: Math.round(trial.requests.candidate) };
  if (sizes.candidate === 0 || (sizes.stable === 0 && hypothesis.slope !== 0)) return 0;
  const ofStable = poissonChances(sizes.stable * rates.stable);
  const ofCandidate = binomialChances(sizes.candidate, rates.candidate);
  const tails = tailsOf(ofCandidate);
  const chances = alternatives.map((alternative) => {
    const line = decisionLine({ hypothesis, needed }, alternative, sizes, expected);
    if (line === null) return 0;
    let chance = 0;
    for (const [index, weight] of ofStable.of.entries()) {
      const ofStableBad = ofStable.first + index * ofStable.stride;
      const least = Math.ceil(line.atNone + line.perBad * ofStableBad - ROUNDING);
      const at = Math.ceil((least - ofCandidate.first) / ofCandidate.stride);
      chance += weight * (tails[clip(at, 0, tails.length - 1)] ?? 0);
    }
    return chance;
  });
  return Math.min(1, Math.max(...chances));
}

/** So little more than a whole number is that number. */
const ROUNDING = 1e-9;

/** How many bad requests of the candidate it takes if stable has none, and how many more for each that it has. */
interface DecisionLine {
  readonly atNone: number;
  readonly perBad: number;
}

function decisionLine(
  { hypothesis, needed }: Pick<Trigger, 'hypothesis' | 'needed'>,
  alternative: Alternative,
  sizes: Arms<number>,
  expected: number,
): DecisionLine | null {
  const stable = clip(expected, LOWEST_RATE, 0.9);
  const candidate = guess(alternative, stable, boundary(hypothesis, stable));
  if (candidate === null || !contradicts({ stable, candidate }, hypothesis)) return null;
  const nearest = project({ stable, candidate }, hypothesis, sizes);
  const [ofCandidate, ofStable] = [worth(candidate, nearest.candidate), worth(stable, nearest.stable)];
  const step = ofCandidate.bad - ofCandidate.good;
  return {
    atNone: (needed - sizes.candidate * ofCandidate.good - sizes.stable * ofStable.good) / step,
    perBad: (ofStable.good - ofStable.bad) / step,
  };
}

/** What a request adds to the log e-value, by how it ends. */
function worth(rate: number, other: number): { readonly bad: number; readonly good: number } {
  return rate === other
    ? { bad: 0, good: 0 }
    : { bad: Math.log(rate / other), good: Math.log1p(-rate) - Math.log1p(-other) };
}
