import { binomial, poisson, type Random } from '../random.ts';
import { type Arms, LATENCY_BUCKETS, type Sample } from '../sample.ts';
import type { Milliseconds } from '../time.ts';
import type { Percent } from '../traffic.ts';

/** Imagined users, and how the two releases serve them. */
export interface ImaginedTraffic {
  readonly requestsPerSecond: number;
  /** Shares of requests that fail, 0 to 1. */
  readonly errorRates: Arms<number>;
}

/** Stable's latencies lie in these buckets: about 30 to 75 ms. The candidate's are the same. */
const FIRST_BUCKET = 60;
const BUCKETS = 10;

/** What both arms did at the weight in so much time. */
export function imaginedArms(
  traffic: ImaginedTraffic,
  weight: Percent,
  time: Milliseconds,
  random: Random,
): Arms<Sample> {
  const arrivals = poisson(random, (traffic.requestsPerSecond * time) / 1_000);
  const toCandidate = binomial(random, arrivals, weight / 100);
  return {
    stable: imaginedSample(arrivals - toCandidate, traffic.errorRates.stable, random),
    candidate: imaginedSample(toCandidate, traffic.errorRates.candidate, random),
  };
}

/** So many requests, of which about that share fails. */
export function imaginedSample(requests: number, errorRate: number, random: Random): Sample {
  const failed = binomial(random, requests, errorRate);
  const latency = Array.from({ length: LATENCY_BUCKETS }, () => 0);
  for (let answered = failed; answered < requests; answered += 1) {
    const bucket = FIRST_BUCKET + random.below(BUCKETS);
    latency[bucket] = (latency[bucket] ?? 0) + 1;
  }
  return { requests, failed, latency };
}
