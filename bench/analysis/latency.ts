import { beginLatency, latencyAgainst, learnLatency } from '../../src/core/analysis/latency.ts';
import { rollbackLimit, usualSettings } from '../../src/core/analysis/settings.ts';
import { poisson, type Random, seededRandom } from '../../src/core/random.ts';
import { bucketOf, LATENCY_BUCKETS, type Sample } from '../../src/core/sample.ts';

/** Latencies around 100 ms, log-normal with a deviation of 0.7. */
function usual(random: Random): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return 100 * Math.exp(0.7 * normal);
}

type Draw = (random: Random) => number;

function times(factor: number): Draw {
  return (random) => factor * usual(random);
}

function sometimes(share: number, slow: Draw): Draw {
  return (random) => (random.chance(share) ? slow(random) : usual(random));
}

const CANDIDATES: readonly { readonly name: string; readonly draw: Draw }[] = [
  { name: 'same', draw: usual },
  { name: 'x1.10, the margin', draw: times(1.1) },
  { name: 'x1.25', draw: times(1.25) },
  { name: 'x1.5', draw: times(1.5) },
  { name: 'x2', draw: times(2) },
  { name: '3 % of requests + 1 s', draw: sometimes(0.03, (random) => 1_000 + usual(random)) },
  { name: '1 % of requests + 1 s', draw: sometimes(0.01, (random) => 1_000 + usual(random)) },
  { name: '10 % of requests x3', draw: sometimes(0.1, times(3)) },
];

const SECONDS = 300;

/** Rollbacks by latency alone, at 1 s and at 60 s. */
export function latency(runs: number): object {
  return {
    what: 'latency: five thresholds from stable, margin 10 %, 100 requests a second, a tenth to the candidate, 5 minutes',
    columns: CANDIDATES.map(({ name, draw }, index) => ({
      candidate: name,
      runs,
      seed: 700 + index,
      outcomes: [1, 60].map((every) => {
        const seconds = Array.from({ length: runs }, (_, run) =>
          playOnce(draw, every, 1_000 * (700 + index) + run),
        );
        const sorted = seconds.toSorted((a, b) => a - b);
        const median = sorted[Math.floor((runs - 1) / 2)] ?? Infinity;
        return {
          every,
          rolledBack: seconds.filter(Number.isFinite).length / runs,
          medianSeconds: Number.isFinite(median) ? median : null,
        };
      }),
    })),
  };
}

/** Seconds until the rollback; endless without. */
function playOnce(draw: Draw, every: number, seed: number): number {
  const random = seededRandom(seed);
  const settings = usualSettings([{ weight: 10, hold: SECONDS * 1_000 }]);
  let evidence = beginLatency(settings, sampleOf(random, 20_000, usual));
  for (let second = every; second <= SECONDS; second += every) {
    const arms = {
      candidate: sampleOf(random, poisson(random, 10 * every), draw),
      stable: sampleOf(random, poisson(random, 90 * every), usual),
    };
    const moment = { duration: every * 1_000, step: 0, isNewStep: false };
    evidence = learnLatency(evidence, settings, arms, moment);
    if (latencyAgainst(evidence, settings) >= rollbackLimit(settings)) return second;
  }
  return Infinity;
}

function sampleOf(random: Random, requests: number, draw: Draw): Sample {
  const counts = Array.from({ length: LATENCY_BUCKETS }, () => 0);
  for (let request = 0; request < requests; request += 1) {
    const bucket = bucketOf(draw(random));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return { requests, failed: 0, latency: counts };
}
