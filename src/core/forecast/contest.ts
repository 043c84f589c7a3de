import { assess } from '../analysis/assess.ts';
import { type Block, errorsOf } from '../analysis/count.ts';
import { beginEvidence, type Evidence, learn } from '../analysis/evidence.ts';
import type { AnalysisSettings } from '../analysis/settings.ts';
import type { Peer } from '../peers/peer.ts';
import type { Random } from '../random.ts';
import type { Arms, Sample } from '../sample.ts';
import type { Milliseconds } from '../time.ts';
import type { Percent } from '../traffic.ts';
import { type ImaginedTraffic, imaginedArms, imaginedSample } from './traffic.ts';

/** When a rule rolled back, in seconds, and how many requests of the candidate had failed by then; at the end if it never did. */
export interface Performance {
  readonly rule: string;
  readonly seconds: number | null;
  readonly failed: number;
}

/** Traffic at one weight, and for how long, in seconds. */
export interface Arena {
  readonly traffic: ImaginedTraffic;
  readonly weight: Percent;
  readonly seconds: number;
}

/** Flagger acts on the tick after the last failed check, which may come a minute after the time is over. */
const GRACE = 60;
const SECOND: Milliseconds = 1_000;
/** Requests of stable's past. */
const PAST = 27_000;

/** The analysis, unless it is off, and other tools on the same seconds of traffic. */
export function contest(
  arena: Arena,
  settings: AnalysisSettings | null,
  peers: readonly Peer[],
  random: Random,
): readonly Performance[] {
  const past = imaginedSample(PAST, arena.traffic.errorRates.stable, random);
  const seconds = Array.from({ length: arena.seconds + GRACE }, () =>
    imaginedArms(arena.traffic, arena.weight, SECOND, random),
  );
  const blocks = seconds.map(({ stable, candidate }): Block => ({
    stable: errorsOf(stable),
    candidate: errorsOf(candidate),
  }));
  const ours =
    settings === null ? [] : [firstSecond(ourJudge(settings, past, seconds, arena), arena.seconds)];
  return [
    ...ours.map((second) => performance('canary', second, blocks, arena)),
    ...peers.map((peer) => {
      const second = firstSecond((at) => peer.rollsBack(blocks.slice(0, at)), arena.seconds + GRACE);
      return performance(peer.name, second, blocks, arena);
    }),
  ];
}

function firstSecond(rollsBack: (second: number) => boolean, seconds: number): number | null {
  for (let second = 1; second <= seconds; second += 1) if (rollsBack(second)) return second;
  return null;
}

/** Asked second by second, in order. */
function ourJudge(
  settings: AnalysisSettings,
  past: Sample,
  seconds: readonly Arms<Sample>[],
  { weight }: Arena,
): (second: number) => boolean {
  let evidence: Evidence = beginEvidence(settings, { target: past });
  return (second) => {
    const arms = seconds[second - 1];
    if (arms === undefined) return false;
    const [from, to] = [(second - 1) * SECOND, second * SECOND];
    evidence = learn(evidence, settings, { target: 'target', step: 0, weight, from, to, arms, flush: false });
    return assess(evidence, settings, 0).conclusion === 'rollback';
  };
}

function performance(
  rule: string,
  seconds: number | null,
  blocks: readonly Block[],
  arena: Arena,
): Performance {
  const served = blocks.slice(0, seconds ?? arena.seconds);
  return { rule, seconds, failed: served.reduce((sum, { candidate }) => sum + candidate.bad, 0) };
}
