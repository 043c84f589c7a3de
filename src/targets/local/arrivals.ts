import type { Clock } from '../../clock/clock.ts';
import type { Running } from '../../core/observation.ts';
import { sayDuration, type Instant, type Milliseconds } from '../../core/time.ts';
import { TargetError } from '../target.ts';
import type { BringRelease, ImageRelease, LocalImage } from './unpacked.ts';

/**
 * Images that are being brought to this machine. That takes longer than a turn, so it goes on between turns, and is told of
 * as a release that is not healthy yet.
 */
export interface Arrivals {
  /**
   * Begins to bring the release's image, unless it is on its way. After tries that came to nothing, or to an image that was
   * asked for once more, it is left alone for a while: throws what the last one failed with, if another may end better.
   */
  expect(release: ImageRelease): void;
  /** Stops bringing it, and forgets how that went. */
  forget(digest: string): void;
  /** The releases of which the proxy does not know yet. */
  running(): readonly Running[];
  /** How it goes with the image; null if it was not asked for. */
  stateOf(digest: string): Arrival['kind'] | null;
  /** A release that the proxy keeps and whose image was changed, with what is done about that. */
  amend<Kept extends Damaged>(kept: Kept): Kept;
}

/** A release whose image may be damaged. */
export type Damaged = Running & { readonly damage: string | null };

export interface ArrivalsOptions {
  readonly bring: BringRelease;
  /** Directory that has a directory for each image. */
  readonly directory: string;
  /** Processes per release. */
  readonly processes: number;
  readonly clock: Clock;
  /** Hands an image that has arrived to the proxy. */
  readonly deliver: (release: ImageRelease, image: LocalImage, signal: AbortSignal) => Promise<void>;
}

type Arrival = { readonly release: ImageRelease; readonly tries: number } & (
  | { readonly kind: 'under way'; readonly elapsed: () => Milliseconds; readonly stop: AbortController }
  | { readonly kind: 'arrived'; readonly at: Instant }
  /** Another try would end the same way, unless somebody mends what it failed of. */
  | { readonly kind: 'refused'; readonly why: string; readonly at: Instant }
  | { readonly kind: 'failed'; readonly error: unknown; readonly at: Instant }
);

/** After a try the image is left alone for this long at first, for twice as long after the next one, and so on. */
const RETRY_AFTER: Milliseconds = 2_000;
const LONGEST_RETRY: Milliseconds = 60_000;
/** Tries count as one row when there is less than this between them. */
const FORGET_AFTER: Milliseconds = 10 * 60_000;

export function arrivals({ bring, directory, processes, clock, deliver }: ArrivalsOptions): Arrivals {
  const known = new Map<string, Arrival>();

  async function attempt(release: ImageRelease, tries: number, stop: AbortController): Promise<void> {
    const settle = (arrival: Arrival) => {
      if (!stop.signal.aborted) known.set(release.digest, arrival);
    };
    const fail = (error: unknown) => settle({ kind: 'failed', release, tries, error, at: clock.now() });
    let image: LocalImage;
    try {
      image = await bring(release, directory, stop.signal);
    } catch (error) {
      const isFinal = error instanceof TargetError && error.code === 'refused';
      return isFinal
        ? settle({ kind: 'refused', release, tries, why: error.message, at: clock.now() })
        : fail(error);
    }
    if (stop.signal.aborted) return;
    try {
      await deliver(release, image, stop.signal);
      settle({ kind: 'arrived', release, tries, at: clock.now() });
    } catch (error) {
      fail(error);
    }
  }

  return {
    expect(release) {
      const last = known.get(release.digest);
      if (last?.kind === 'under way') return;
      const since = last === undefined ? Infinity : clock.now() - last.at;
      if (last !== undefined && since < patienceAfter(last.tries)) {
        if (last.kind === 'failed') throw last.error;
        return;
      }
      const stop = new AbortController();
      const tries = last === undefined || since > FORGET_AFTER ? 1 : last.tries + 1;
      known.set(release.digest, { kind: 'under way', release, tries, elapsed: clock.stopwatch(), stop });
      void attempt(release, tries, stop);
    },
    forget(digest) {
      const arrival = known.get(digest);
      known.delete(digest);
      if (arrival?.kind === 'under way') arrival.stop.abort();
    },
    stateOf: (digest) => known.get(digest)?.kind ?? null,
    amend(kept) {
      const arrival = known.get(kept.release.digest);
      if (kept.damage === null || arrival === undefined || arrival.kind === 'arrived') return kept;
      const says = arrival.kind === 'failed' ? messageOf(arrival.error) : (troubleOf(arrival) ?? '');
      const what = arrival.kind === 'under way' ? says : `it could not be brought anew: ${says}`;
      return { ...kept, trouble: `${kept.damage}; ${what}`, failed: arrival.kind === 'refused' };
    },
    running: () =>
      [...known.values()].flatMap((arrival) => {
        const trouble = troubleOf(arrival);
        if (trouble === null) return [];
        const { release, kind } = arrival;
        const failed = kind === 'refused';
        return [{ release, digest: release.digest, wanted: processes, healthy: 0, trouble, failed }];
      }),
  };
}

function patienceAfter(tries: number): Milliseconds {
  return Math.min(LONGEST_RETRY, RETRY_AFTER * 2 ** (tries - 1));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Null for one that is here, or is asked for again and tells its trouble then. */
function troubleOf(arrival: Arrival): string | null {
  switch (arrival.kind) {
    case 'under way':
      return `its image is being fetched, for ${sayDuration(arrival.elapsed())} so far`;
    case 'refused':
      return arrival.why;
    case 'arrived':
    case 'failed':
      return null;
    default:
      return arrival satisfies never;
  }
}
