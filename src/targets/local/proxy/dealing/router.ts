import type { Random } from '../../../../core/random.ts';
import type { Release } from '../../../../core/release.ts';
import type { Traffic } from '../../../../core/traffic.ts';
import { isToBlame, type Outcome, type RequestHead, type Route } from '../../http/index.ts';
import type { ProxySettings } from '../../settings.ts';
import { cookieValue } from './cookie.ts';
import type { Counters } from './counters.ts';
import type { Instance } from '../instance.ts';
import { bucketOfUser, deck, isCandidateBucket } from './split.ts';

/** What a router works with. The functions are asked for every request. */
export interface RouterOptions {
  readonly settings: () => ProxySettings;
  readonly traffic: () => Traffic;
  /** The instances of a release that can take a request now. */
  readonly healthy: (digest: string) => readonly Instance[];
  readonly counters: Counters;
  readonly random: Random;
  /** Deals sticky users to buckets: the service's name, so that services do not pick the same users. */
  readonly salt: string;
}

/** Chooses where a request goes; null when no release can take it. */
export type Router = (head: RequestHead) => Route | null;

const NOT_TRIED: ReadonlySet<Instance> = new Set();
const nobody = () => null;

/**
 * Routes by preview header, then by user, then by chance. A request counts once, for the release that it was dealt to,
 * and as failed if another one had to answer it: users shall not suffer, and the evidence shall not be lost.
 */
export function router({ settings, traffic, healthy, counters, random, salt }: RouterOptions): Router {
  const deal = deck(random);
  let turn = 0;

  function choose(head: RequestHead): Choice {
    const { stable, candidate, weight } = traffic();
    const { preview, sticky } = settings();
    const wish = head.header(preview.header);
    if (wish === 'candidate' && candidate !== null) return { release: candidate, isPreview: true };
    if (wish === 'stable') return { release: stable, isPreview: true };
    if (candidate === null || weight === 0) return { release: stable, isPreview: false };
    const user = sticky === null ? null : userOf(head, sticky);
    const isCandidate = user === null ? deal(weight) : isCandidateBucket(bucketOfUser(user, salt), weight);
    return { release: isCandidate ? candidate : stable, isPreview: false };
  }

  function routeTo(
    release: Release,
    tried: ReadonlySet<Instance>,
    next: () => Route | null,
    onEnd: (outcome: Outcome) => void,
  ): Route | null {
    turn += 1;
    const instance = leastBusy(healthy(release.digest), tried, turn);
    const upstream = instance?.upstream() ?? null;
    if (instance === null || upstream === null) return next();
    let lost = 0;
    const onLaterEnd = (outcome: Outcome) => onEnd({ ...outcome, milliseconds: lost + outcome.milliseconds });
    return {
      upstream,
      another: () => routeTo(release, new Set([...tried, instance]), next, onLaterEnd),
      done(outcome) {
        if (outcome.failure === 'connect' || outcome.failure === 'reset') instance.suspect();
        if (outcome.retried) lost = outcome.milliseconds;
        else onEnd(outcome);
      },
    };
  }

  return (head) => {
    const { release, isPreview } = choose(head);
    if (release === null) return null;
    const count = ({
      status,
      failure,
      milliseconds,
    }: Pick<Outcome, 'status' | 'failure' | 'milliseconds'>) => {
      if (isPreview) return;
      const failed = isToBlame(failure) || (status !== null && status >= 500);
      counters.record(release.digest, { failed, latency: milliseconds });
    };
    const byAnother = () => {
      const other = isPreview ? null : substitute(traffic(), release);
      const route = other === null ? null : routeTo(other, NOT_TRIED, nobody, () => {});
      if (route !== null) count({ status: null, failure: 'connect', milliseconds: 0 });
      return route;
    };
    const route = routeTo(release, NOT_TRIED, byAnother, count);
    if (route === null) count({ status: 503, failure: null, milliseconds: 0 });
    return route;
  };
}

interface Choice {
  readonly release: Release | null;
  /** Asked for by header: not a user's request, and not counted. */
  readonly isPreview: boolean;
}

/** Null also for an empty name: whoever brings that is not one and the same user. */
function userOf(head: RequestHead, sticky: NonNullable<ProxySettings['sticky']>): string | null {
  const user = sticky.by === 'cookie' ? cookieValue(head, sticky.name) : head.header(sticky.name);
  return user === undefined || user === '' ? null : user;
}

/** The release that answers in place of one that is down. A candidate without traffic is no substitute. */
function substitute({ stable, candidate, weight }: Traffic, release: Release): Release | null {
  if (release.digest !== stable?.digest) return stable;
  return weight > 0 ? candidate : null;
}

/** The instance with the fewest requests under way; of those that have equally few, each in its turn. */
function leastBusy(
  instances: readonly Instance[],
  tried: ReadonlySet<Instance>,
  turn: number,
): Instance | null {
  let best: Instance | null = null;
  let fewest = Infinity;
  for (let step = 0; step < instances.length; step += 1) {
    const instance = instances[(turn + step) % instances.length];
    const inFlight = instance?.upstream()?.inFlight ?? Infinity;
    if (instance === undefined || tried.has(instance) || inFlight >= fewest) continue;
    best = instance;
    fewest = inFlight;
  }
  return best;
}
