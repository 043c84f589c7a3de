import type { Arms } from '../sample.ts';
import type { Block, Count, Rates } from './count.ts';

/**
 * A hypothesis about the two arms' rates of bad requests: `candidate <= offset + slope * stable` ('at-most'), or >= ('at-least').
 * Offset 0 and slope 1 say "not worse"; slope 0 makes it a limit on the candidate alone.
 */
export interface LinearNull {
  readonly offset: number;
  readonly slope: number;
  readonly side: 'at-most' | 'at-least';
}

/** The candidate's rate on the edge of the hypothesis, for a rate of stable. */
export function boundary(hypothesis: LinearNull, stable: number): number {
  return hypothesis.offset + hypothesis.slope * stable;
}

/** Whether the rates contradict the hypothesis. */
export function contradicts(rates: Rates, hypothesis: LinearNull): boolean {
  const edge = boundary(hypothesis, rates.stable);
  return hypothesis.side === 'at-most' ? rates.candidate > edge : rates.candidate < edge;
}

/**
 * log of the block e-value: how much better `alternative`, fixed before the block, foretold the block's counts than the
 * nearest rates within the hypothesis. Its expectation (of e, not log e) is at most 1 under every rates within the
 * hypothesis, even if they change inside the block. 0 where there is nothing to bet on.
 *
 * Turner, Ly and Grünwald, "Generic E-variables for exact sequential k-sample tests" (2024), eq. 3.2 to 3.4, for "not
 * worse"; Turner and Grünwald, "Exact anytime-valid confidence intervals for contingency tables and beyond" (2023), for
 * half planes.
 */
export function logBlockEValue(block: Block, alternative: Rates, hypothesis: LinearNull): number {
  const sizes = { stable: block.stable.requests, candidate: block.candidate.requests };
  if (sizes.candidate === 0 || !contradicts(alternative, hypothesis)) return 0;
  if (sizes.stable === 0 && hypothesis.slope !== 0) return 0;
  const nearest = project(alternative, hypothesis, sizes);
  return (
    logLikelihoodRatio(block.candidate, alternative.candidate, nearest.candidate) +
    logLikelihoodRatio(block.stable, alternative.stable, nearest.stable)
  );
}

function logLikelihoodRatio(count: Count, rate: number, other: number): number {
  if (rate === other) return 0;
  const good = Math.log1p(-rate) - Math.log1p(-other);
  return count.bad * Math.log(rate / other) + (count.requests - count.bad) * good;
}

/**
 * Reverse information projection of the alternative onto the hypothesis: the rates within it that minimise the sum of
 * `size * KL(alternative || rates)` over both arms. The alternative must contradict the hypothesis, and there must be requests
 * in the candidate, and in stable unless the slope is 0.
 */
export function project(alternative: Rates, hypothesis: LinearNull, sizes: Arms<number>): Rates {
  const { offset, slope } = hypothesis;
  if (slope === 0) return { stable: alternative.stable, candidate: offset };
  if (offset === 0 && slope === 1) {
    const bad = sizes.candidate * alternative.candidate + sizes.stable * alternative.stable;
    const pooled = bad / (sizes.candidate + sizes.stable);
    return { stable: pooled, candidate: pooled };
  }
  const stable = nearestOnLine(alternative, hypothesis, sizes);
  return { stable, candidate: offset + slope * stable };
}

/** Bisects the derivative of the divergence along the line, which increases in stable's rate, down to the last bit. */
function nearestOnLine(alternative: Rates, { offset, slope }: LinearNull, sizes: Arms<number>): number {
  const level = (alternative.candidate - offset) / slope;
  let low = Math.max(Math.min(alternative.stable, level), 0, -offset / slope);
  let high = Math.min(Math.max(alternative.stable, level), 1, (1 - offset) / slope);
  for (;;) {
    const stable = (low + high) / 2;
    if (stable <= low || stable >= high) return stable;
    const candidate = offset + slope * stable;
    const ascent =
      (sizes.stable * (stable - alternative.stable)) / (stable * (1 - stable)) +
      (sizes.candidate * slope * (candidate - alternative.candidate)) / (candidate * (1 - candidate));
    if (ascent > 0) high = stable;
    else low = stable;
  }
}
