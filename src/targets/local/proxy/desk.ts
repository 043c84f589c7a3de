import { sameRelease, type Release } from '../../../core/release.ts';
import type { Instant, Window } from '../../../core/time.ts';
import { type Fence, isOlder, sameTraffic, type Traffic } from '../../../core/traffic.ts';
import type { z } from 'zod';
import type { answers } from '../messages.ts';
import type { RunSettings } from '../settings.ts';
import type { Counters } from './counters.ts';
import type { Keeper } from './keeper.ts';
import type { ProxyState } from './state-file.ts';

/** An order that is not carried out, and why. */
export class OrderRefused extends Error {
  readonly code: z.infer<typeof answers.refused>['code'];

  constructor(code: OrderRefused['code'], message: string) {
    super(message);
    this.name = 'OrderRefused';
    this.code = code;
  }
}

/**
 * Takes the controller's orders: keeps track of the traffic, refuses orders with an older fence than one it has taken,
 * and minds the guard. Everything it takes is written down before it is confirmed.
 */
export interface Desk {
  traffic(): Traffic;
  reading(): Omit<z.infer<typeof answers.reading>, 'now' | 'pid' | 'address'>;
  prepare(release: Release, run: RunSettings, fence: Fence): void;
  apply(traffic: Traffic, fence: Fence): void;
  retire(release: Release, fence: Fence): void;
  arm(home: Traffic, deadline: Instant, fence: Fence): void;
  disarm(fence: Fence): void;
  sample(stable: string, candidate: string, window: Window): z.infer<typeof answers.sample>['sample'];
  /** Looks at the clock: fires the guard when it is time. Called often. */
  tick(now: Instant): void;
  /** All that has to be written down. */
  record(): ProxyState;
}

export interface DeskOptions {
  readonly state: ProxyState;
  readonly keeper: Keeper;
  readonly counters: Counters;
  readonly now: () => Instant;
  /** Writes the record down. */
  readonly save: () => void;
}

export function desk({ state, keeper, counters, now, save }: DeskOptions): Desk {
  let { traffic, fence, guard, guardFiredAt } = state;

  function take(token: Fence): void {
    if (fence !== null && isOlder(token, fence)) {
      const [mine, theirs] = [fence, token].map(({ sequence, revision }) => `${sequence}.${revision}`);
      throw new OrderRefused('fenced', `an order of revision ${theirs} came after one of revision ${mine}`);
    }
    fence = token;
  }

  function mustRun(release: Release): void {
    if (!keeper.has(release.digest)) throw new OrderRefused('not-prepared', `${release.name} is not running`);
  }

  return {
    traffic: () => traffic,
    reading: () => ({
      traffic,
      fence,
      running: keeper.running().map((running) => ({
        ...running,
        ports: keeper.healthy(running.digest).flatMap((instance) => instance.record()?.port ?? []),
      })),
      guard: { armed: guard, firedAt: guardFiredAt },
    }),
    prepare(release, run, token) {
      take(token);
      keeper.keep(release, run);
    },
    apply(desired, token) {
      take(token);
      const { stable, candidate, weight, spare } = desired;
      if (stable !== null) mustRun(stable);
      if (weight > 0) {
        if (candidate === null) throw new OrderRefused('refused', 'there is no candidate to give traffic to');
        mustRun(candidate);
        if (guard === null || guard.deadline <= now()) {
          throw new OrderRefused('refused', 'no guard is armed that would take traffic home');
        }
      }
      traffic = { stable, candidate, weight };
      for (const release of [stable, candidate]) if (release !== null) keeper.keepUntil(release.digest, null);
      if (spare !== undefined) keeper.keepUntil(spare.release.digest, spare.until);
      save();
    },
    retire(release, token) {
      take(token);
      const { stable, candidate, weight } = traffic;
      if (sameRelease(stable, release) || (weight > 0 && sameRelease(candidate, release))) {
        throw new OrderRefused('refused', `${release.name} takes traffic`);
      }
      if (sameRelease(candidate, release)) traffic = { stable, candidate: null, weight };
      void keeper.letGo(release.digest);
      save();
    },
    arm(home, deadline, token) {
      take(token);
      guard = { home, deadline };
      save();
    },
    disarm(token) {
      take(token);
      guard = null;
      save();
    },
    sample(stable, candidate, { from, to }) {
      const window = { from, to: Math.min(to, counters.completeUntil()) };
      if (window.to <= window.from) return null;
      const arms = {
        stable: counters.between(stable, window),
        candidate: counters.between(candidate, window),
      };
      return arms.stable.requests + arms.candidate.requests === 0 ? null : { ...arms, window };
    },
    tick(at) {
      if (guard === null || at < guard.deadline || sameTraffic(traffic, guard.home)) return;
      traffic = guard.home;
      guardFiredAt = at;
      save();
    },
    record: () => ({ version: 1, traffic, fence, guard, guardFiredAt, kept: [...keeper.record()] }),
  };
}
