import manifest from '../../package.json' with { type: 'json' };
import type { Faults } from '../faults/faults.ts';
import { LEVELS, type LogLevel } from '../reporting/log.ts';
import { redaction, type Redaction } from '../reporting/redaction.ts';
import { defaultColor, isColor } from './color.ts';
import {
  environmentReader,
  integerBetween,
  numberBetween,
  oneOf,
  SWITCH,
  textLike,
  type Environment,
  type EnvironmentReader,
} from './environment.ts';

/** Everything that can be told to podinfo. Times are in milliseconds. */
export interface Config {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly version: string;
  /** The image's digest, when whoever started the process told it. */
  readonly digest: string | null;
  /** A CSS colour, safe to be put into a page. */
  readonly color: string;
  readonly logLevel: LogLevel;
  /** How long after the start `/readyz` begins to say yes. */
  readonly startDelay: number;
  /** How long requests under way may take to finish when the process is told to stop. */
  readonly shutdownGrace: number;
  readonly faults: Faults;
  readonly redaction: Redaction;
}

/** Either a configuration or all reasons why there is none. */
export type ConfigReading = { readonly lambda: Lambda } & (
  | { readonly kind: 'valid'; readonly config: Config; readonly names: readonly string[] }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] }
);

/** Host and port of the Runtime API where the process is a function of Lambda, and null anywhere else. */
type Lambda = string | null;

/** Its value is kept out of all output. */
const SECRET = 'SUPER_SECRET_TOKEN';
/** A shorter one could not be kept out of the output without masking half of it. */
const SHORTEST_SECRET = 4;
const SECOND = 1_000;
const HOUR_IN_SECONDS = 3_600;
const DAY_IN_SECONDS = 24 * HOUR_IN_SECONDS;

/** Ports that Lambda keeps for itself, besides those that need a privilege. */
const PORTS_OF_LAMBDA = [3000, 9001];

/** Reads the environment. `seed` chooses the requests that fail when the environment does not say it. */
export function readConfig(environment: Environment, seed: number): ConfigReading {
  const secret = environment[SECRET] ?? '';
  const hide = redaction(secret === '' ? [] : [secret]);
  const reader = environmentReader(environment, hide.byValue);
  const config = readWith(reader, hide, seed);
  const lambda = readLambda(reader);
  reader.refuseUnknown('FAULT_');
  const problems = [...secretProblems(secret), ...reader.problems, ...portProblems(lambda, config.port)];
  if (problems.length > 0) return { lambda, kind: 'invalid', problems };
  return { lambda, kind: 'valid', config, names: [SECRET, ...reader.names] };
}

/** Where another adapter takes the requests and passes them on, there is nothing to be taken here. */
function readLambda(reader: EnvironmentReader): Lambda {
  const address = reader.read('AWS_LAMBDA_RUNTIME_API', textLike(/^[\w.-]+:\d{1,5}$/, 'host and port', null));
  return reader.read('LAMBDA_SHIM', oneOf(['on', 'off'], 'on')) === 'on' ? address : null;
}

function portProblems(lambda: Lambda, port: number): readonly string[] {
  const isTaken = lambda !== null && PORTS_OF_LAMBDA.includes(port);
  return isTaken ? [`PORT must not be ${PORTS_OF_LAMBDA.join(' or ')}, which Lambda uses itself.`] : [];
}

function secretProblems(secret: string): readonly string[] {
  const isUsable = secret === '' || secret.length >= SHORTEST_SECRET;
  return isUsable ? [] : [`${SECRET} must be at least ${SHORTEST_SECRET} characters long.`];
}

function readWith(reader: EnvironmentReader, hide: Redaction, seed: number): Config {
  const version = reader.read('VERSION', {
    ...textLike(/^[\w.+-]{1,64}$/, 'up to 64 letters, digits, dots, plus, minus and underscores', ''),
    otherwise: manifest.version,
  });
  return {
    host: reader.read('HOST', textLike(/^[\w.:%-]{1,255}$/, 'an address or a host name', '127.0.0.1')),
    port: reader.read('PORT', integerBetween(0, 65_535, 8080)),
    version,
    digest: reader.read(
      'RELEASE_DIGEST',
      textLike(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hex digits', null),
    ),
    color: reader.read('PAGE_COLOR', {
      otherwise: defaultColor(version),
      expected: 'a CSS colour such as teal, #07c or oklch(0.7 0.1 200)',
      parse: (text) => (isColor(text) ? text : undefined),
    }),
    logLevel: reader.read('LOG_LEVEL', oneOf(LEVELS, 'info')),
    startDelay: reader.read('START_DELAY', numberBetween(0, HOUR_IN_SECONDS, 0)) * SECOND,
    shutdownGrace: reader.read('SHUTDOWN_GRACE_SECONDS', numberBetween(0, HOUR_IN_SECONDS, 10)) * SECOND,
    faults: readFaults(reader, seed),
    redaction: hide,
  };
}

function readFaults(reader: EnvironmentReader, seed: number): Faults {
  const crashAfter = reader.read('FAULT_CRASH_AFTER_SECONDS', numberBetween(0, DAY_IN_SECONDS, null));
  return {
    errorRate: reader.read('FAULT_ERROR_RATE', numberBetween(0, 1, 0)),
    latency: reader.read('FAULT_LATENCY_MS', numberBetween(0, 60_000, 0)),
    latencyRate: reader.read('FAULT_LATENCY_RATE', numberBetween(0, 1, 1)),
    after: reader.read('FAULT_AFTER_SECONDS', numberBetween(0, DAY_IN_SECONDS, 0)) * SECOND,
    crashAfter: crashAfter === null ? null : crashAfter * SECOND,
    neverReady: reader.read('FAULT_NOT_READY', SWITCH),
    seed: reader.read('FAULT_SEED', integerBetween(0, 2 ** 32 - 1, seed)),
  };
}
