import { addBad, logEOfBad, NO_BAD } from '../../src/core/analysis/conditional-binomial.ts';
import { assess } from '../../src/core/analysis/assess.ts';
import { addCounts, type Block, type Count, NOTHING } from '../../src/core/analysis/count.ts';
import {
  beginProcess,
  bet,
  logEOf,
  type Process,
  type ProcessSettings,
} from '../../src/core/analysis/e-process.ts';
import { errorCase } from '../../src/core/analysis/errors.ts';
import { beginEvidence, learn } from '../../src/core/analysis/evidence.ts';
import type { Moment } from '../../src/core/analysis/mixture.ts';
import { ONCE } from '../../src/core/analysis/onset.ts';
import { type AnalysisSettings, rollbackLimit, usualSettings } from '../../src/core/analysis/settings.ts';
import { type Random, seededRandom } from '../../src/core/random.ts';
import { LATENCY_BUCKETS, type Sample } from '../../src/core/sample.ts';
import type { Window } from '../../src/core/time.ts';
import type { Rule } from './scene.ts';

/** Errors only: a rollout of one step of five minutes. */
export function errorSettings(changes: Partial<AnalysisSettings> = {}): AnalysisSettings {
  const settings = usualSettings([{ weight: 10, hold: 300_000 }]);
  return { ...settings, weights: { errors: 1, latency: 0, traffic: 0 }, ...changes };
}

/** How a rule cuts its polls into blocks. */
interface Cut {
  /** Shortest block in seconds. */
  readonly every?: number;
  readonly minimumRequests?: number;
}

/** The candidate's failures against stable's. */
export function relative(name: string, changes: Partial<AnalysisSettings> = {}, cut: Cut = {}): Rule {
  const settings = errorSettings(changes);
  return process(name, errorCase(settings).against, rollbackLimit(settings), cut);
}

/** The same without looking at the past. */
export function forgetful(rule: Rule, name: string): Rule {
  return { name, begin: () => rule.begin(NOTHING) };
}

/** One e-process with a limit on its log evidence. */
export function process(name: string, settings: ProcessSettings, limit: number, cut: Cut = {}): Rule {
  return {
    name,
    begin(history) {
      let state = beginProcess(history);
      return inBlocks(cut, (block, moment) => {
        state = bet(state, settings, block, moment);
        return logEOf(state, settings) >= limit;
      });
    },
  };
}

/** The whole analysis, as a rollout asks it: latencies of both arms are drawn from the same ten buckets. */
export function whole(name: string, settings: AnalysisSettings): Rule {
  let seed = 0;
  return {
    name,
    begin(history) {
      const random = seededRandom((seed += 1));
      const toSample = (count: Count): Sample =>
        settings.weights.latency > 0 ? withLatencies(count, random) : withoutLatencies(count);
      let evidence = beginEvidence(settings, { web: toSample(history) });
      return inBlocks({}, ({ candidate, stable }, { from, to }) => {
        const arms = { candidate: toSample(candidate), stable: toSample(stable) };
        const interval = { target: 'web', step: 0, weight: 10, from, to, arms, flush: false };
        evidence = learn(evidence, settings, interval);
        return assess(evidence, settings, 0).conclusion === 'rollback';
      });
    },
  };
}

function withoutLatencies({ requests, bad }: Count): Sample {
  return { requests, failed: bad, latency: [] };
}

function withLatencies({ requests, bad }: Count, random: Random): Sample {
  const latency = Array.from({ length: LATENCY_BUCKETS }, () => 0);
  for (let good = bad; good < requests; good += 1) {
    const bucket = 60 + random.below(10);
    latency[bucket] = (latency[bucket] ?? 0) + 1;
  }
  return { requests, failed: bad, latency };
}

/** A test that is told the true rates: how far any test could get. */
export function oracle(name: string, stable: number, candidate: number): Rule {
  const settings: ProcessSettings = {
    ...errorCase(errorSettings()).against,
    alternatives: [{ kind: 'rate', rate: candidate }],
    onsets: ONCE,
  };
  return {
    name,
    begin() {
      let state: Process = { ...beginProcess(NOTHING), seen: { requests: 1e12, bad: stable * 1e12 } };
      return inBlocks({}, (block, moment) => {
        state = bet(state, settings, block, moment);
        return logEOf(state, settings) >= rollbackLimit(errorSettings());
      });
    },
  };
}

/** Bad requests alone, with the share of the traffic that was counted. */
export function badOnly(name: string): Rule {
  return {
    name,
    begin() {
      let state = NO_BAD;
      let requests = NOTHING;
      let candidates = NOTHING;
      return inBlocks({}, ({ candidate, stable }) => {
        requests = addCounts(requests, addCounts(candidate, stable));
        candidates = addCounts(candidates, candidate);
        const share = candidate.requests / (candidate.requests + stable.requests);
        if (share > 0 && share < 1)
          state = addBad(state, { candidate: candidate.bad, stable: stable.bad }, share);
        const expected = candidates.requests / requests.requests;
        return logEOfBad(state, expected) >= rollbackLimit(errorSettings());
      });
    },
  };
}

/** Gathers polls until they make a block, and asks the judge at the end of each block. */
export function inBlocks(
  { every = 0, minimumRequests = 20 }: Cut,
  judge: (block: Block, moment: Moment & Window) => boolean,
): (counts: Block, second: number) => boolean {
  let candidate: Count = NOTHING;
  let stable: Count = NOTHING;
  let from = 0;
  return (counts, second) => {
    candidate = addCounts(candidate, counts.candidate);
    stable = addCounts(stable, counts.stable);
    if (second - from < every - 1e-9 || candidate.requests + stable.requests < minimumRequests) return false;
    const block = { candidate, stable };
    const window = { from: 1_000 * from, to: 1_000 * second };
    const moment = { ...window, duration: window.to - window.from, step: 0, isNewStep: from === 0 };
    candidate = NOTHING;
    stable = NOTHING;
    from = second;
    return judge(block, moment);
  };
}
