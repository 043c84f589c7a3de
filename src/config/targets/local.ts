import { z } from 'zod';
import { duration } from '../duration.ts';

const ADDRESS = { error: 'must be a port such as 8080, or host and port such as "0.0.0.0:8080"' };

const address = z
  .union(
    [z.int().min(1).max(65_535), z.string().regex(/^[\w.-]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, ADDRESS)],
    ADDRESS,
  )
  .transform((value) => {
    if (typeof value === 'number') return { host: '127.0.0.1', port: value };
    const colon = value.lastIndexOf(':');
    return { host: value.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(value.slice(colon + 1)) };
  })
  .refine(({ port }) => port >= 1 && port <= 65_535, { error: 'the port must be between 1 and 65535' });

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'must be a header or cookie name' });

const words = z.array(z.string().regex(/^[^\0\r\n]+$/, { error: 'must be one word of a command line' }));

const place = z.discriminatedUnion(
  'in',
  [
    z.strictObject({ in: z.literal('process').describe('A process of this machine, from unpacked files.') }),
    z.strictObject({
      in: z.literal('container').describe('A container without rights, which only its own files are in.'),
      engine: z
        .enum(['podman', 'docker'])
        .default('podman')
        .describe('Program that runs containers: Podman, or Docker with its daemon.'),
      globalOptions: words
        .default([])
        .describe('Words that every call of the engine begins with, such as `--runtime`, `runc`.'),
      options: words
        .default([])
        .describe('More words for running a container, such as `--ulimit`, `nofile=4096:4096`.'),
      memory: z
        .string()
        .regex(/^[1-9]\d*[kmg]$/, { error: 'must be a number with "k", "m" or "g" after it, such as "512m"' })
        .nullable()
        .default(null)
        .describe('Most memory of one container; null for no limit.'),
      pids: z
        .int()
        .min(1)
        .nullable()
        .default(null)
        .describe('Most processes and threads in one container; null for what the engine says.'),
    }),
  ],
  { error: 'must have `in`, which is "process" or "container"' },
);

/** A target on this machine: processes of any program behind a traffic proxy. */
export const localTarget = z.strictObject({
  kind: z.literal('local'),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, {
      error: 'must be lower-case letters, digits and dashes, at most 41',
    })
    .describe('What the target is called in the journal and on the screen.'),
  listen: address.describe('Where users reach the service: a port on 127.0.0.1, or "host:port".'),
  processes: z.int().min(1).max(64).default(1).describe('Processes per release.'),
  run: place
    .default({ in: 'process' })
    .describe('Where releases that are images run. Commands are always processes.'),
  health: z
    .strictObject({
      path: z
        .string()
        .regex(/^\/(?!\/)[!-~]*$/, {
          error:
            'must begin with one "/", and be visible ASCII characters without spaces (write "%20" for one)',
        })
        .nullable()
        .default('/healthz')
        .describe(
          'Path that answers 2xx or 3xx when a process can take traffic; null to be content with an open port.',
        ),
      interval: duration('50ms', '1m').prefault('1s').describe('Time between two checks of a process.'),
      timeout: duration('50ms', '1m').prefault('2s').describe('Time that an answer may take.'),
      failures: z
        .int()
        .min(1)
        .max(20)
        .default(3)
        .describe('Failures in a row until a process counts as unhealthy.'),
    })
    .prefault({})
    .describe('How a process shows that it can take traffic.'),
  sticky: z
    .strictObject({
      cookie: headerName.exactOptional().describe('Cookie that tells users apart.'),
      header: headerName.exactOptional().describe('Header that tells users apart.'),
    })
    .refine((sticky) => (sticky.cookie === undefined) !== (sticky.header === undefined), {
      error: 'needs either `cookie` or `header`',
    })
    .nullable()
    .default(null)
    .describe('Keeps each user with one release. Requests without the cookie or header are dealt by chance.'),
  preview: headerName
    .default('x-canary')
    .describe('Header with which a request picks its release: `candidate` or `stable`.'),
  responseTimeout: duration('100ms', '1h')
    .prefault('60s')
    .describe('Time that a release has to begin its answer.'),
  drain: duration('0s', '1h')
    .prefault('30s')
    .describe('Time that requests may go on when a process is to be stopped.'),
  stop: duration('0s', '10m').prefault('10s').describe('Time between SIGTERM and SIGKILL.'),
});
