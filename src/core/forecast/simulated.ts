import { combineMetrics, combineTargets } from '../analysis/combine.ts';
import { addCounts, type Block, type Count, NOTHING } from '../analysis/count.ts';
import { beginProcess, bet, logEOf, type Process } from '../analysis/e-process.ts';
import { leastBlockTime, rollbackLimit } from '../analysis/settings.ts';
import { binomial, poisson, type Random, seededRandom } from '../random.ts';
import type { Milliseconds } from '../time.ts';
import { backAfter, failedRequests, type Fate, requestsIn, type Scene } from './scene.ts';
import { type Hearing, hearings } from './trigger.ts';

/** With fewer requests in a step than these, blocks are so few that only playing it through tells. */
const FEW = 300;
const FEW_OF_CANDIDATE = 5;

/** Whether a step has so few requests on a target that computation would promise too much. */
export function isLittle(scene: Scene): boolean {
  const { stable, candidate } = requestsIn(scene, scene.judged);
  return stable + candidate < FEW * scene.targets || candidate < FEW_OF_CANDIDATE * scene.targets;
}

/** A step is played tick by tick, but with no more ticks than these, and none shorter than so many requests of a target take. */
const MOST_TICKS = 1_000;
const PER_TICK = 2;

/** Plays the step so often with chance, through the same bets as a rollout, and counts what becomes of the candidate. */
export function simulatedFate(scene: Scene, rate: number, runs: number, seed: number): Fate {
  const times: Milliseconds[] = [];
  let failed = 0;
  for (let run = 0; run < runs; run += 1) {
    const result = playStep(scene, rate, seededRandom(seed * 1_000_003 + run));
    failed += result.failed;
    if (result.foundAfter !== null) times.push(result.foundAfter);
  }
  const found = times.length / runs;
  const median = times.toSorted((a, b) => a - b)[Math.ceil(runs / 2) - 1];
  return {
    rate,
    found,
    failed: failed / runs + failedRequests(scene, rate, 0, found),
    backAfter: median === undefined ? null : backAfter(scene, median),
  };
}

interface Played {
  readonly foundAfter: Milliseconds | null;
  readonly failed: number;
}

function playStep(scene: Scene, rate: number, random: Random): Played {
  const { settings, targets, judged } = scene;
  const heard = hearings(settings);
  const perMillisecond = requestsIn(scene, 1);
  const perTarget = (perMillisecond.stable + perMillisecond.candidate) / targets;
  const ticks = Math.ceil(
    judged / Math.max(scene.freshness.every, PER_TICK / perTarget, judged / MOST_TICKS),
  );
  const tick = judged / ticks;
  const means = {
    stable: (perMillisecond.stable * tick) / targets,
    candidate: (perMillisecond.candidate * tick) / targets,
  };
  const courts = Array.from({ length: targets }, () => openCourt(scene, heard));
  let failed = 0;
  for (let index = 1; index <= ticks; index += 1) {
    let isNews = false;
    for (const court of courts) {
      const counts = {
        stable: draw(random, means.stable, scene.stable),
        candidate: draw(random, means.candidate, rate),
      };
      failed += counts.candidate.bad;
      isNews = court.hear(counts, tick, index === ticks) || isNews;
    }
    if (!isNews) continue;
    const evidence = combineTargets(courts.map((court) => court.logE()));
    if (evidence >= rollbackLimit(settings)) return { foundAfter: index * tick, failed };
  }
  return { foundAfter: null, failed };
}

/** Requests that are so many vary too little to matter. */
const MANY = 1_000;

function draw(random: Random, mean: number, rate: number): Count {
  const requests = mean > MANY ? Math.round(mean) : poisson(random, mean);
  return { requests, bad: binomial(random, requests, rate) };
}

/** What one target's evidence does with its counts: blocks are closed as in a rollout, the last one at the end. */
function openCourt({ settings, history }: Scene, heard: readonly Hearing[]) {
  let processes: readonly Process[] = heard.map(() => beginProcess(history));
  let open: Block = { stable: NOTHING, candidate: NOTHING };
  let duration: Milliseconds = 0;
  let isNewStep = true;
  return {
    hear(counts: Block, time: Milliseconds, isEnd: boolean): boolean {
      open = {
        stable: addCounts(open.stable, counts.stable),
        candidate: addCounts(open.candidate, counts.candidate),
      };
      duration += time;
      const isFull =
        open.stable.requests + open.candidate.requests >= settings.block.minimumRequests &&
        duration >= leastBlockTime(settings);
      if (!isFull && !isEnd) return false;
      const moment = { duration, step: 0, isNewStep };
      processes = heard.map(({ process }, index) =>
        bet(processes[index] ?? beginProcess(history), process, open, moment),
      );
      open = { stable: NOTHING, candidate: NOTHING };
      duration = 0;
      isNewStep = false;
      return true;
    },
    logE: () =>
      combineMetrics(
        heard.map(({ process, weight }, index) => ({
          weight,
          logE: logEOf(processes[index] ?? beginProcess(history), process),
        })),
      ),
  };
}
