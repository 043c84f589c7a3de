import type { Running, TargetReading } from '../../src/core/observation.ts';
import { binomial, poisson, type Random, seededRandom } from '../../src/core/random.ts';
import { type Release, sameRelease } from '../../src/core/release.ts';
import { addSamples, bucketOf, LATENCY_BUCKETS, type Sample } from '../../src/core/sample.ts';
import type { Instant, Milliseconds, Window } from '../../src/core/time.ts';
import { type Fence, home, isOlder, sameTraffic, type Traffic } from '../../src/core/traffic.ts';
import type { Site } from '../../src/engine/site.ts';
import { TargetError } from '../../src/targets/target.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** How a release behaves once it runs. */
export interface Behaviour {
  readonly errorRate: number;
  readonly latency: Milliseconds;
  /** Time until it is healthy; Infinity if it never is. */
  readonly healthyAfter: Milliseconds;
  /** Whether its processes do not even start. */
  readonly failsToStart: boolean;
  /** Time after it got healthy at which all its instances die for good; Infinity if never. */
  readonly diesAfter: Milliseconds;
  /** What is found running instead of what was asked for, from when on after its start; null for the right thing. */
  readonly wrongDigest: string | null;
  readonly swapsAfter: Milliseconds;
}

export const WELL: Behaviour = {
  errorRate: 0.001,
  latency: 20,
  healthyAfter: 2_000,
  failsToStart: false,
  diesAfter: Infinity,
  wrongDigest: null,
  swapsAfter: 0,
};

/** A time in which requests fail whatever release they get. */
export interface Incident {
  readonly window: Window;
  readonly errorRate: number;
}

/** What a simulated target is like. */
export interface TargetOptions {
  readonly name: string;
  readonly clock: VirtualClock;
  readonly seed: number;
  readonly requestsPerSecond: number;
  /** Whether it refuses writes with an older fence, as the local target does and a load balancer does not. */
  readonly isFenced: boolean;
  /** How long after its end a second of traffic shows up in the metrics. */
  readonly metricsDelay: Milliseconds;
  readonly behaviour: (release: Release) => Behaviour;
  readonly incident?: Incident | null;
  /** When it cannot be read, and when it takes no orders. */
  readonly unseen?: Window | null;
  readonly stuck?: Window | null;
  /** What the time of day does to all requests, whatever release they get: how many come, and how many fail besides. */
  readonly weather?: (at: Instant) => { readonly requestsPerSecond: number; readonly errorRate: number };
  /** Chance that a request that failed is tried again, and fails again, on the same release. */
  readonly retries?: number;
  readonly onChange?: (target: SimulatedTarget) => void;
  readonly onDisarmed?: (target: SimulatedTarget) => void;
}

/** A platform in memory: splits traffic that does not exist, and counts how it went. */
export interface SimulatedTarget {
  readonly name: string;
  readonly site: Site;
  /** The truth, whatever the ports say. */
  readonly traffic: () => Traffic;
  readonly reading: () => TargetReading;
  /** Since when it has split traffic as it does. */
  readonly changedAt: () => Instant;
  /** Makes a release stable and healthy without any rollout. */
  readonly install: (release: Release) => void;
  /** Sets another weight behind the rollout's back. */
  readonly meddle: (weight: number) => void;
  /** What users got from each release in the window. */
  readonly served: (release: Release, window: Window) => Sample;
}

interface Split {
  readonly from: Instant;
  readonly traffic: Traffic;
  /** Whether it is another than the one before. */
  readonly isNew: boolean;
}

const SECOND: Milliseconds = 1_000;
/** How often a guard that has sprung takes traffic home again. */
export const HOLD_EVERY: Milliseconds = 60_000;

export function simulatedTarget(options: TargetOptions): SimulatedTarget {
  const { name, clock, behaviour, isFenced } = options;
  const splits: Split[] = [{ from: 0, traffic: home(null), isNew: true }];
  const started = new Map<string, { release: Release; at: Instant }>();
  const seconds = new Map<number, ReadonlyMap<string, Sample>>();
  let fence: Fence | null = null;
  let armed: { home: Traffic; deadline: Instant } | null = null;
  let firedAt: Instant | null = null;

  const self: SimulatedTarget = {
    name,
    traffic: current,
    reading,
    changedAt: () => splits.findLast(({ isNew }) => isNew)?.from ?? 0,
    served,
    install(release) {
      started.set(release.digest, { release, at: 0 });
      change(home(release));
    },
    meddle: (weight) => change({ ...current(), weight }),
    site: {
      target: {
        kind: 'simulated',
        granularity: 1,
        async observe() {
          if (isWithin(options.unseen)) throw new TargetError('unreachable', `${name} does not answer`);
          return reading();
        },
        async prepare(release, token) {
          take(token);
          if (!started.has(release.digest)) started.set(release.digest, { release, at: clock.now() });
        },
        async apply(desired, token) {
          take(token);
          if (isFenced && desired.weight > 0 && (armed === null || armed.deadline <= clock.now())) {
            throw new TargetError('refused', `${name}: no guard is armed`);
          }
          for (const release of [desired.stable, desired.weight > 0 ? desired.candidate : null]) {
            if (release !== null && !started.has(release.digest)) {
              throw new TargetError('not-prepared', `${name}: ${release.name} is not running`);
            }
          }
          change(desired);
        },
        async retire(release, token) {
          take(token);
          const { stable, candidate, weight } = current();
          if (sameRelease(stable, release) || (weight > 0 && sameRelease(candidate, release))) {
            throw new TargetError('refused', `${name}: ${release.name} takes traffic`);
          }
          started.delete(release.digest);
        },
        async smoke(release) {
          const isUp = runningOf(release)?.healthy === 2;
          return isUp ? { kind: 'passed' } : { kind: 'failed', detail: 'connection refused' };
        },
      },
      guard: {
        async arm(place, deadline, token) {
          take(token);
          armed = { home: place, deadline };
          scheduleGuard();
        },
        async disarm(token) {
          take(token);
          armed = null;
          options.onDisarmed?.(self);
        },
      },
      metrics: {
        async sample(arms, { from, to }) {
          const complete = Math.floor((clock.now() - options.metricsDelay) / SECOND) * SECOND;
          const window = { from: Math.ceil(from / SECOND) * SECOND, to: Math.min(to, complete) };
          if (window.to <= window.from) return null;
          const [stable, candidate] = [served(arms.stable, window), served(arms.candidate, window)];
          return stable.requests + candidate.requests === 0 ? null : { window, stable, candidate };
        },
      },
    },
  };

  function current(): Traffic {
    return splits.at(-1)?.traffic ?? home(null);
  }

  function change(traffic: Traffic): void {
    splits.push({ from: clock.now(), traffic, isNew: !sameTraffic(current(), traffic) });
    options.onChange?.(self);
  }

  function isWithin(window: Window | null | undefined): boolean {
    const now = clock.now();
    return window !== null && window !== undefined && window.from <= now && now < window.to;
  }

  function take(token: Fence): void {
    if (isWithin(options.stuck)) throw new TargetError('unreachable', `${name} takes no orders`);
    if (fence !== null && isOlder(token, fence)) {
      if (isFenced) throw new TargetError('fenced', `${name} has taken newer orders`);
    }
    fence = token;
  }

  /** Once sprung it looks again every while, as a platform cannot refuse what comes too late. */
  function scheduleGuard(): void {
    const mine = armed;
    const fire = () => {
      if (mine === null || armed !== mine) return;
      firedAt = clock.now();
      change(mine.home);
      clock.at(clock.now() + HOLD_EVERY, fire);
    };
    if (mine !== null) clock.at(mine.deadline, fire);
  }

  function reading(): TargetReading {
    const running = [...started.values()].flatMap(({ release }) => runningOf(release) ?? []);
    return { traffic: current(), fence, running, guard: { armed, firedAt } };
  }

  function runningOf(release: Release): Running | null {
    const start = started.get(release.digest);
    if (start === undefined) return null;
    const { failsToStart, wrongDigest, swapsAfter } = behaviour(release);
    const isUp = isHealthy(release, clock.now());
    return {
      release,
      digest: clock.now() - start.at < swapsAfter ? release.digest : (wrongDigest ?? release.digest),
      wanted: 2,
      healthy: isUp ? 2 : 0,
      trouble: failsToStart ? 'exited with code 1' : isUp ? null : 'no answer on /healthz',
      failed: failsToStart,
    };
  }

  function isHealthy(release: Release, now: Instant): boolean {
    const start = started.get(release.digest);
    const { failsToStart, healthyAfter, diesAfter } = behaviour(release);
    if (start === undefined || failsToStart) return false;
    const age = now - start.at;
    return age >= healthyAfter && age < healthyAfter + diesAfter;
  }

  function served(release: Release, { from, to }: Window): Sample {
    const samples: Sample[] = [];
    for (let second = Math.ceil(from / SECOND); (second + 1) * SECOND <= to; second += 1) {
      const sample = secondOf(second).get(release.digest);
      if (sample !== undefined) samples.push(sample);
    }
    return addSamples(samples);
  }

  /** A second's counts depend on seed, target and second alone, so that asking twice gives the same answer. */
  function secondOf(second: number): ReadonlyMap<string, Sample> {
    const known = seconds.get(second);
    if (known !== undefined) return known;
    const random = seededRandom(options.seed + second * 7919);
    const { stable, candidate, weight } =
      splits.findLast((split) => split.from <= second * SECOND)?.traffic ?? home(null);
    const weather = options.weather?.(second * SECOND) ?? {
      requestsPerSecond: options.requestsPerSecond,
      errorRate: 0,
    };
    const arrivals = poisson(random, weather.requestsPerSecond);
    const toCandidate = candidate === null ? 0 : binomial(random, arrivals, weight / 100);
    const counts = new Map<string, Sample>();
    for (const [release, requests] of [
      [stable, arrivals - toCandidate] as const,
      [candidate, toCandidate] as const,
    ]) {
      if (release === null || requests === 0) continue;
      const isUp = isHealthy(release, second * SECOND);
      const { errorRate, latency } = behaviour(release);
      const rate = Math.max(errorRate, weather.errorRate, incidentRate(second * SECOND));
      const failed = isUp ? binomial(random, requests, rate) : requests;
      const again = tryAgain(random, failed, options.retries ?? 0);
      counts.set(release.digest, {
        requests: requests + again,
        failed: failed + again,
        latency: histogram(latency, requests - failed),
      });
    }
    seconds.set(second, counts);
    return counts;
  }

  function incidentRate(now: Instant): number {
    const incident = options.incident ?? null;
    return incident !== null && now >= incident.window.from && now < incident.window.to
      ? incident.errorRate
      : 0;
  }

  return self;
}

/** How many more failures come of failures that are tried again, and again. */
function tryAgain(random: Random, failed: number, chance: number): number {
  let again = 0;
  if (chance === 0) return again;
  for (let request = 0; request < failed; request += 1) while (random.chance(chance)) again += 1;
  return again;
}

function histogram(latency: Milliseconds, count: number): readonly number[] {
  const counts = Array.from({ length: LATENCY_BUCKETS }, () => 0);
  counts[bucketOf(latency)] = count;
  return counts;
}
