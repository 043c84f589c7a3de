import type { z } from 'zod';
import type { Clock } from '../../clock/clock.ts';
import type { Fence } from '../../core/traffic.ts';
import { arrivals } from './arrivals.ts';
import { bringing } from './bringing.ts';
import { controlClient } from './control-client.ts';
import type { answers } from './messages.ts';
import { proxyPaths } from './paths.ts';
import type { LocalSettings } from './settings.ts';
import { type ImageSource, isImage, isToBeBrought } from './unpacked.ts';

type Kept = z.infer<typeof answers.reading>['running'][number];

/** How it goes with a release whose image may have to be brought anew. */
export interface Mending {
  /** With what is done about its image. */
  readonly release: Kept;
  readonly isOnItsWay: boolean;
  /** Whether what the repository has is not the image, so that waiting does not help. */
  readonly isHopeless: boolean;
}

/** Brings images anew for a proxy that no controller looks after. */
export interface Mender {
  /** Begins to, if the release's image must come anew and nobody works with it. `fence` is the proxy's own. */
  mend(kept: Kept, fence: Fence | null): Mending;
  /** Stops what is under way. */
  close(): void;
}

/** Whatever a controller has ordered since is newer, and wins. */
const FIRST: Fence = { sequence: 0, revision: 0 };

export function mender(settings: LocalSettings, images: ImageSource, clock: Clock): Mender {
  const client = controlClient(proxyPaths(settings.directory).socket);
  const digests = new Set<string>();
  let fence = FIRST;
  const arriving = arrivals({
    ...bringing(settings, images),
    clock,
    async deliver(release, image, signal) {
      await client.order('prepare', { release, run: settings.run, image, fence }, signal);
    },
  });

  return {
    mend(kept, present) {
      const { release } = kept;
      fence = present ?? FIRST;
      if (isImage(release) && isToBeBrought(kept)) {
        digests.add(release.digest);
        try {
          arriving.expect(release);
        } catch {
          // What it failed with is told of with the release, and it is tried again.
        }
      }
      const state = arriving.stateOf(release.digest);
      return {
        release: arriving.amend(kept),
        isOnItsWay: state === 'under way',
        isHopeless: state === 'refused',
      };
    },
    close() {
      for (const digest of digests) arriving.forget(digest);
    },
  };
}
