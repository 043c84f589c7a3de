import { z } from 'zod';
import { proxySettings, runSettings } from './settings.ts';
import { localImage } from './unpacked.ts';

/** What the controller and the proxy say to each other, as JSON over HTTP on a Unix socket. */

export const release = z.object({
  name: z.string(),
  digest: z.string(),
  artifact: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('command'),
      command: z.tuple([z.string()], z.string()).readonly(),
      env: z.record(z.string(), z.string()),
      cwd: z.string(),
    }),
    z.object({ kind: z.literal('image'), repository: z.string(), env: z.record(z.string(), z.string()) }),
  ]),
});

export const traffic = z.object({
  stable: release.nullable(),
  candidate: release.nullable(),
  weight: z.number().min(0).max(100),
  spare: z.object({ release, until: z.number() }).exactOptional(),
});

export const fence = z.object({ sequence: z.int(), revision: z.int() });

const window = z.object({ from: z.number(), to: z.number() });

/** Times on the wire are by the proxy's clock, which every reading tells: the two may not agree on what time it is. */
export const requests = {
  /** The settings that come with the release of that digest. */
  configure: z.object({ proxy: proxySettings, digest: z.string(), fence }),
  /** Where the image of a release is that is one; null for any other release. */
  prepare: z.object({ release, run: runSettings, image: localImage.nullable().default(null), fence }),
  apply: z.object({ traffic, fence }),
  retire: z.object({ release, fence }),
  arm: z.object({ home: traffic, deadline: z.number(), fence }),
  disarm: z.object({ fence }),
  sample: z.object({ stable: z.string(), candidate: z.string(), window }),
  stop: z.object({}),
};

const sample = z.object({ requests: z.int(), failed: z.int(), latency: z.array(z.number()).readonly() });

const counts = z.object({ requests: z.int(), failed: z.int() });

/** A line of the news: what both arms did in one slice of time. */
export const newsLine = z.object({
  /** When the slice ended. */
  at: z.number(),
  weight: z.number(),
  stable: counts,
  candidate: counts,
});

export type NewsLine = z.infer<typeof newsLine>;

export const answers = {
  reading: z.object({
    now: z.number(),
    pid: z.int(),
    address: z.object({ host: z.string(), port: z.int() }),
    traffic,
    fence: fence.nullable(),
    running: z.array(
      z.object({
        release,
        digest: z.string(),
        wanted: z.int(),
        healthy: z.int(),
        trouble: z.string().nullable(),
        failed: z.boolean(),
        /** Why the files of its image are not to be started; null if nothing was found. */
        damage: z.string().nullable().default(null),
        /** Whether any of its processes lives; a proxy of an earlier version does not say so. */
        isAtWork: z.boolean().default(true),
        /** Ports of the healthy instances, for smoke tests. */
        ports: z.array(z.int()),
      }),
    ),
    guard: z.object({
      armed: z.object({ home: traffic, deadline: z.number() }).nullable(),
      firedAt: z.number().nullable(),
    }),
  }),
  sample: z.object({
    sample: z.object({ stable: sample, candidate: sample, window }).nullable(),
  }),
  done: z.object({}),
  refused: z.object({
    code: z.enum(['fenced', 'refused', 'not-prepared', 'bad-settings']),
    message: z.string(),
  }),
};
