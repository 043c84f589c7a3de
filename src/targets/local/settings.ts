import { z } from 'zod';

/** Where a release that is an image runs. */
const place = z.discriminatedUnion('in', [
  z.object({ in: z.literal('process') }),
  z.object({
    in: z.literal('container'),
    /** The program that is asked to run containers. */
    engine: z.enum(['podman', 'docker']),
    /** Words that every call of the engine begins with. */
    globalOptions: z.array(z.string()).readonly(),
    /** Words that running a container has before the target's own. */
    options: z.array(z.string()).readonly(),
    /** As the engine takes it, such as `512m`; null for no limit. */
    memory: z.string().nullable(),
    /** Processes and threads in one container; null for the engine's limit. */
    pids: z.int().min(1).nullable(),
  }),
]);

export type ContainerSettings = Extract<z.infer<typeof place>, { in: 'container' }>;

/** How the local target keeps the processes of a release. Durations in milliseconds. */
export const runSettings = z.object({
  /** Processes per release. */
  processes: z.int().min(1).max(64),
  place: place.default({ in: 'process' }),
  health: z.object({
    /** Path that answers 2xx or 3xx when the process can take traffic; null to be content with an open port. */
    path: z.string().startsWith('/').nullable(),
    interval: z.number(),
    timeout: z.number(),
    /** Failures in a row until a healthy process counts as unhealthy. */
    failures: z.int().min(1),
  }),
  /** How long requests may go on after a process is taken out of traffic. */
  drain: z.number(),
  /** How long a process has to end after SIGTERM before it is killed. */
  stop: z.number(),
});

/** How the proxy of a local target takes and deals out traffic. */
export const proxySettings = z.object({
  /** Address that users reach the service at. */
  listen: z.object({ host: z.string(), port: z.int().min(0).max(65_535) }),
  /** What tells users apart, so that each of them stays with one release at a given weight; null for no stickiness. */
  sticky: z
    .discriminatedUnion('by', [
      z.object({ by: z.literal('cookie'), name: z.string() }),
      z.object({ by: z.literal('header'), name: z.string() }),
    ])
    .nullable(),
  /** Header that picks the arm for one request, with the value `candidate` or `stable`. */
  preview: z.object({ header: z.string() }),
  /** Time that a release may take to answer a request before it counts as failed. */
  responseTimeout: z.number(),
});

export const localSettings = z.object({
  /** Directory that holds the proxy's state, socket and logs. Absolute. */
  directory: z.string(),
  proxy: proxySettings,
  run: runSettings,
});

export type RunSettings = z.infer<typeof runSettings>;
export type ProxySettings = z.infer<typeof proxySettings>;
export type LocalSettings = z.infer<typeof localSettings>;
