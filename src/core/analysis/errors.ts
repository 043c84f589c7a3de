import { FAILS_MORE, failsMoreThan, IS_AS_GOOD, LOWEST_RATE } from './alternative.ts';
import type { CaseSettings } from './case.ts';
import { ONCE } from './onset.ts';
import { type AnalysisSettings, blockCap, temperOf } from './settings.ts';

/**
 * Failures of the candidate against stable's: against it, that it fails no more often than tolerated; in its favour, that it
 * fails more often than stable by the promotion's margin.
 */
export function errorCase(settings: AnalysisSettings): CaseSettings {
  const temper = temperOf(settings.overdispersion.errors);
  const { tolerance, promotion } = settings;
  return {
    against: {
      hypothesis: { offset: tolerance.offset, slope: tolerance.slope, side: 'at-most' },
      alternatives: FAILS_MORE,
      onsets: settings.onsets,
      temper,
      cap: blockCap(settings),
    },
    inFavour: {
      hypothesis: { offset: promotion.margin, slope: 1, side: 'at-least' },
      alternatives: IS_AS_GOOD,
      onsets: ONCE,
      temper,
      cap: null,
    },
  };
}

/**
 * Failures of the candidate against a limit on the share of failed requests. A likelihood ratio of the candidate alone: it
 * needs no stable, so it works at high weights and with little traffic, but it cannot tell whose fault a breach is.
 */
export function sloCase(settings: AnalysisSettings, limit: number): CaseSettings {
  const temper = temperOf(settings.overdispersion.errors);
  const offset = Math.max(limit, LOWEST_RATE);
  return {
    against: {
      hypothesis: { offset, slope: 0, side: 'at-most' },
      alternatives: failsMoreThan(offset),
      onsets: settings.onsets,
      temper,
      cap: blockCap(settings),
    },
    inFavour: {
      hypothesis: { offset, slope: 0, side: 'at-least' },
      alternatives: IS_AS_GOOD,
      onsets: ONCE,
      temper,
      cap: null,
    },
  };
}
