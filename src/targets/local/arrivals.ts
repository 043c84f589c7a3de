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
  /** Begins to bring the release's image, unless it is on its way. Throws what the last try failed with, if that was just now. */
  expect(release: ImageRelease): void;
  /** Stops bringing it, and forgets how that went. */
  forget(digest: string): void;
  /** The releases of which the proxy does not know yet. */
  running(): readonly Running[];
}

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

type Arrival = { readonly release: ImageRelease } & (
  | { readonly kind: 'under way'; readonly elapsed: () => Milliseconds; readonly stop: AbortController }
  /** Another try would end the same way. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly error: unknown; readonly at: Instant }
);

/** After a try that failed, the image is left alone for this long. */
const RETRY_AFTER: Milliseconds = 2_000;

export function arrivals({ bring, directory, processes, clock, deliver }: ArrivalsOptions): Arrivals {
  const known = new Map<string, Arrival>();

  async function attempt(release: ImageRelease, stop: AbortController): Promise<void> {
    const { digest } = release;
    const settle = (arrival: Arrival | null) => {
      if (stop.signal.aborted) return;
      if (arrival === null) known.delete(digest);
      else known.set(digest, arrival);
    };
    const fail = (error: unknown) => settle({ kind: 'failed', release, error, at: clock.now() });
    let image: LocalImage;
    try {
      image = await bring(release, directory, stop.signal);
    } catch (error) {
      const isFinal = error instanceof TargetError && error.code === 'refused';
      return isFinal ? settle({ kind: 'refused', release, why: error.message }) : fail(error);
    }
    if (stop.signal.aborted) return;
    try {
      await deliver(release, image, stop.signal);
      settle(null);
    } catch (error) {
      fail(error);
    }
  }

  return {
    expect(release) {
      const arrival = known.get(release.digest);
      if (arrival?.kind === 'under way') return;
      if (arrival?.kind === 'failed' && clock.now() - arrival.at < RETRY_AFTER) throw arrival.error;
      const stop = new AbortController();
      known.set(release.digest, { kind: 'under way', release, elapsed: clock.stopwatch(), stop });
      void attempt(release, stop);
    },
    forget(digest) {
      const arrival = known.get(digest);
      known.delete(digest);
      if (arrival?.kind === 'under way') arrival.stop.abort();
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

/** Null for one that is asked for again, and tells its trouble then. */
function troubleOf(arrival: Arrival): string | null {
  switch (arrival.kind) {
    case 'under way':
      return `its image is being fetched, for ${sayDuration(arrival.elapsed())} so far`;
    case 'refused':
      return arrival.why;
    case 'failed':
      return null;
    default:
      return arrival satisfies never;
  }
}
