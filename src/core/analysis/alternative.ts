import { clip } from './numerics.ts';

/** A way to guess the candidate's rate if the hypothesis is wrong; `b` is the edge of the hypothesis at stable's rate. */
export type Alternative =
  /** Odds so many times those of b. */
  | { readonly kind: 'odds'; readonly ratio: number }
  /** A fixed rate; no bet while it is not clearly above b. */
  | { readonly kind: 'rate'; readonly rate: number }
  /** This share of the way from stable's rate to b. */
  | { readonly kind: 'between'; readonly share: number };

/** No rate is taken to be nearer to 0 or 1 than this: nothing is certain. */
export const LOWEST_RATE = 1e-6;
const HIGHEST_RATE = 0.98;

/** How far above the edge of the hypothesis a fixed rate must be to be worth a bet. */
const CLEARLY_ABOVE = 1.3;

/** The candidate's rate under the alternative for a rate of stable, or null for no bet. `edge` is b at that rate. */
export function guess(alternative: Alternative, stable: number, edge: number): number | null {
  switch (alternative.kind) {
    case 'odds': {
      const base = clip(edge, LOWEST_RATE, HIGHEST_RATE);
      return clip(
        (alternative.ratio * base) / (1 - base + alternative.ratio * base),
        LOWEST_RATE,
        HIGHEST_RATE,
      );
    }
    case 'rate':
      return alternative.rate < CLEARLY_ABOVE * edge
        ? null
        : clip(alternative.rate, LOWEST_RATE, HIGHEST_RATE);
    case 'between':
      return clip(stable + alternative.share * (edge - stable), LOWEST_RATE, HIGHEST_RATE);
    default:
      return alternative satisfies never;
  }
}

function odds(...ratios: readonly number[]): readonly Alternative[] {
  return ratios.map((ratio) => ({ kind: 'odds', ratio }));
}

function rates(...fixed: readonly number[]): readonly Alternative[] {
  return fixed.map((rate) => ({ kind: 'rate', rate }));
}

/** Against "fails no more often than stable": from half as many failures again to a total outage. */
export const FAILS_MORE: readonly Alternative[] = [...odds(1.5, 2.5, 5, 12, 40), ...rates(0.2, 0.95)];

/** Against "is no slower than stable". */
export const IS_SLOWER: readonly Alternative[] = [...odds(1.3, 2, 4, 10, 30), ...rates(0.95)];

/** Against "fails no more often than `limit`". */
export function failsMoreThan(limit: number): readonly Alternative[] {
  return rates(1.5 * limit, 2 * limit, 4 * limit, 10 * limit, 0.2, 0.5, 0.95);
}

/** Against "is worse than stable by the margin": as good as stable, or nearly. */
export const IS_AS_GOOD: readonly Alternative[] = [
  { kind: 'between', share: 0 },
  { kind: 'between', share: 0.3 },
];
