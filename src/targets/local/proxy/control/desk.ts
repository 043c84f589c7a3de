import { existsSync } from 'node:fs';
import { sameRelease, type Release } from '../../../../core/release.ts';
import type { Instant, Window } from '../../../../core/time.ts';
import { type Fence, isOlder, sameTraffic, type Traffic } from '../../../../core/traffic.ts';
import type { z } from 'zod';
import type { LocalImage } from '../../unpacked.ts';
import type { answers, requests } from '../../messages.ts';
import { SLICE, type Counters } from '../dealing/counters.ts';
import type { Images } from '../images.ts';
import type { Keeper } from '../keeper.ts';
import type { Notebook } from './notebook.ts';
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
 * and minds the guard. Everything it takes is written down before it is confirmed; only the way home is open also when
 * nothing can be written.
 */
export interface Desk {
  traffic(): Traffic;
  reading(): Omit<z.infer<typeof answers.reading>, 'now' | 'pid' | 'address'>;
  /** Takes the fence of an order that somebody else carries out, or refuses that. */
  heed(fence: Fence): void;
  prepare(order: z.infer<typeof requests.prepare>): void;
  apply(traffic: Traffic, fence: Fence): void;
  retire(release: Release, fence: Fence): void;
  arm(home: Traffic, deadline: Instant, fence: Fence): void;
  disarm(fence: Fence): void;
  sample(stable: string, candidate: string, window: Window): z.infer<typeof answers.sample>['sample'];
  /** Looks at the clock: fires the guard when it is time. Called often. */
  tick(now: Instant): void;
  /** All of it that has to be written down. */
  record(): Omit<ProxyState, 'move'>;
}

export interface DeskOptions {
  readonly state: ProxyState;
  readonly keeper: Keeper;
  readonly images: Images;
  readonly counters: Counters;
  readonly now: () => Instant;
  readonly notebook: Notebook;
}

export function desk({ state, keeper, images, counters, now, notebook }: DeskOptions): Desk {
  let { traffic, fence, guardFiredAt } = state;
  let guard = guardByClock(state, now());

  function take(token: Fence): void {
    if (fence !== null && isOlder(token, fence)) {
      const [mine, theirs] = [fence, token].map(({ sequence, revision }) => `${sequence}.${revision}`);
      throw new OrderRefused('fenced', `an order of revision ${theirs} came after one of revision ${mine}`);
    }
    fence = token;
  }

  /** Writes the record down, or takes back what was changed and refuses the order. */
  function saveOr(takeBack: () => void): void {
    try {
      notebook.save();
    } catch (error) {
      takeBack();
      const reason = error instanceof Error ? error.message : String(error);
      throw new OrderRefused('refused', `it could not be written down: ${reason}`);
    }
  }

  function isServed({ stable, candidate, weight }: Traffic): boolean {
    const releases = weight > 0 ? [stable, candidate] : [stable];
    return releases.some((release) => release !== null && keeper.healthy(release.digest).length > 0);
  }

  function mustRun(release: Release): void {
    if (!keeper.has(release.digest)) throw new OrderRefused('not-prepared', `${release.name} is not running`);
  }

  /** It may have been removed between when it was unpacked and now. */
  function takeImage({ name, digest }: Release, image: LocalImage): void {
    if (!existsSync(image.directory))
      throw new OrderRefused('not-prepared', `the image of ${name} is not at ${image.directory} any more`);
    images.add({ digest, image });
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
    heed: take,
    prepare({ release, run, image, fence: token }) {
      take(token);
      if (image !== null) takeImage(release, image);
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
      const before = traffic;
      traffic = { stable, candidate, weight };
      if (weight === 0) notebook.trySave();
      else saveOr(() => (traffic = before));
      for (const release of [stable, candidate]) if (release !== null) keeper.keepUntil(release.digest, null);
      if (spare !== undefined) keeper.keepUntil(spare.release.digest, spare.until);
    },
    retire(release, token) {
      take(token);
      const { stable, candidate, weight } = traffic;
      if (sameRelease(stable, release) || (weight > 0 && sameRelease(candidate, release))) {
        throw new OrderRefused('refused', `${release.name} takes traffic`);
      }
      if (sameRelease(candidate, release)) traffic = { stable, candidate: null, weight };
      void keeper.letGo(release.digest);
      notebook.trySave();
    },
    arm(home, deadline, token) {
      take(token);
      const before = guard;
      guard = { home, deadline };
      saveOr(() => (guard = before));
    },
    disarm(token) {
      take(token);
      guard = null;
      notebook.trySave();
    },
    sample(stable, candidate, { from, to }) {
      const window = {
        from: Math.ceil(from / SLICE) * SLICE,
        to: Math.min(Math.floor(to / SLICE) * SLICE, counters.completeUntil()),
      };
      if (window.to <= window.from) return null;
      const arms = {
        stable: counters.between(stable, window),
        candidate: counters.between(candidate, window),
      };
      return arms.stable.requests + arms.candidate.requests === 0 ? null : { ...arms, window };
    },
    tick(at) {
      if (guard === null || at < guard.deadline || sameTraffic(traffic, guard.home)) return;
      // Home is no better place while nobody is there and somebody is here. It is looked at again until that changes.
      if (!isServed(guard.home) && isServed(traffic)) return;
      traffic = guard.home;
      guardFiredAt = at;
      notebook.trySave();
    },
    record: () => ({
      version: 1,
      traffic,
      fence,
      guard,
      guardFiredAt,
      writtenAt: now(),
      images: [...images.record()],
      kept: [...keeper.record()],
    }),
  };
}

/**
 * The guard as it was written down. When the clock was set back since, what is left of its time is what was left of it then:
 * nobody renewed it meanwhile, and it must not fire late.
 */
function guardByClock({ guard, writtenAt }: ProxyState, now: Instant): ProxyState['guard'] {
  if (guard === null || writtenAt === null || writtenAt <= now) return guard;
  return { ...guard, deadline: guard.deadline - (writtenAt - now) };
}
