import type { Release } from '../../../core/release.ts';
import type { Instant } from '../../../core/time.ts';
import type { Upstream } from '../http/index.ts';
import { createUpstream } from '../http/index.ts';
import type { RunSettings } from '../settings.ts';
import { backOff } from './back-off.ts';
import { checkHealth, type Health } from './health.ts';
import { ImageDamaged, ImageRefused } from './program.ts';
import {
  freePort,
  isAlive,
  killLeftovers,
  lastWords,
  type ProcessIdentity,
  rotateLog,
  signalGroup,
  startProcess,
} from './process.ts';
import type { Starter } from './starter.ts';

/** One process of a release as it is written down, so that another proxy can take it over. */
export interface InstanceRecord {
  readonly identity: ProcessIdentity;
  readonly port: number;
  /** Whether it was healthy when last looked at. */
  readonly isUp: boolean;
}

/**
 * A place for one process of a release: keeps a process in it until it is told to stop. A process that ends is started
 * again, later and later if it keeps ending.
 */
export interface Instance {
  readonly number: number;
  /** Where to send requests; null while there is no healthy process. */
  upstream(): Upstream | null;
  /** What is wrong, for people; null when nothing is. */
  trouble(): string | null;
  /** Why the files of its image are not to be started, as of the last try; null if they are. */
  damage(): string | null;
  /** Has it started at once, as the files of its image were brought anew. */
  tryAnew(): void;
  /** Whether its process ended, again and again, without ever having been healthy. It is still tried, but rarely. */
  hasFailed(): boolean;
  record(): InstanceRecord | null;
  /** Digest of what its process really is; null while there is none. */
  digest(): string | null;
  /** Has it checked at once, as something went wrong with it. */
  suspect(): void;
  /** Looks after the process; called often. */
  tend(now: Instant): void;
  /** Takes it out of traffic, lets its requests end, stops the process. Resolves when it is gone. */
  stop(): Promise<void>;
}

export interface InstanceOptions {
  readonly number: number;
  readonly release: Release;
  readonly run: RunSettings;
  readonly starter: Starter;
  readonly log: string;
  /** A process that an earlier proxy started. */
  readonly adopted: InstanceRecord | null;
  /** Called when the record has changed. */
  readonly onChange: () => void;
}

/** Ends without ever having been healthy before it is given up. */
const MOST_FAILED_STARTS = 3;
const STARTING_CHECK_EVERY = 50;
const LOOK_EVERY = 50;

export function keepInstance({
  number,
  release,
  run,
  starter,
  log,
  adopted,
  onChange,
}: InstanceOptions): Instance {
  let current: (Pick<InstanceRecord, 'identity' | 'port'> & { readonly upstream: Upstream }) | null = null;
  let isUp = false;
  let wasEverUp = false;
  let failuresInARow = 0;
  const pause = backOff();
  let checkAt: Instant = 0;
  let isBusy = false;
  let isMovingLog = false;
  /** Port of a process that ended, and may have left more than its group behind. */
  let leftAt: number | null = null;
  let lastEnd: string | null = null;
  /** What the last check found; null if all was well. */
  let trouble: string | null = null;
  let isStopping = false;
  let isHopeless = false;
  let damage: string | null = null;

  if (adopted !== null && isAlive(adopted.identity)) {
    const { identity, port } = adopted;
    current = { identity, port, upstream: createUpstream(port) };
    // What was healthy goes on taking traffic; the first check will tell whether it still is.
    isUp = wasEverUp = adopted.isUp;
  } else if (adopted !== null) {
    leftAt = adopted.port;
    killLeftovers(adopted.identity);
  }

  function ended(reason: string): void {
    leftAt = current?.port ?? leftAt;
    current?.upstream.close();
    current = null;
    isUp = false;
    lastEnd = reason;
    if (!isStopping) onChange();
  }

  async function start(now: Instant): Promise<void> {
    pause.started(now);
    await clean();
    await starter.prepare();
    const port = await freePort();
    const program = await starter.program(port);
    damage = null;
    if (isStopping) return;
    const env = { CANARY_RELEASE: release.name, CANARY_DIGEST: release.digest };
    let identity: ProcessIdentity | null = null;
    let hasExited = false;
    const onExit = (reason: string) => {
      hasExited = true;
      if (reason.startsWith('cannot') || (!wasEverUp && pause.starts() >= MOST_FAILED_STARTS))
        isHopeless = true;
      if (identity !== null && !isStopping) signalGroup(identity, 'SIGKILL');
      if (current === null || current.identity === identity) ended(reason);
    };
    const { isIsolated } = starter;
    identity = startProcess({ program, isIsolated, port, env, log, onExit });
    if (identity === null || hasExited) return;
    current = { identity, port, upstream: createUpstream(port) };
    onChange();
  }

  async function clean(): Promise<void> {
    if (leftAt === null) return;
    await starter.clean(leftAt);
    leftAt = null;
  }

  async function check(now: Instant): Promise<void> {
    if (current === null) return;
    const { identity, port } = current;
    const isKnown = starter.digestOf(identity) !== null || identity === adopted?.identity;
    const health: Health = isAlive(identity) ? await checkHealth(port, run.health) : { kind: 'unknown' };
    checkAt = now + (isUp ? run.health.interval : STARTING_CHECK_EVERY);
    void moveLogAside();
    if (current?.identity !== identity) return;
    const wasUp = isUp;
    if (!isAlive(identity)) {
      killLeftovers(identity);
      return ended('ended');
    }
    if (health.kind === 'unknown') return;
    const illness = health.kind === 'well' ? null : health.trouble;
    const strange = illness === null || isKnown ? await strangeness(identity, port, now, isKnown) : null;
    if (current?.identity !== identity) return;
    trouble = illness ?? strange;
    if (trouble === null) {
      failuresInARow = 0;
      pause.well(now);
      isUp = true;
      wasEverUp = true;
      isHopeless = false;
    } else {
      failuresInARow += 1;
      if (failuresInARow >= run.health.failures) isUp = false;
    }
    if (isUp !== wasUp) onChange();
  }

  /** Nobody waits for that: a log may have grown long while there was no proxy. */
  async function moveLogAside(): Promise<void> {
    if (isMovingLog) return;
    isMovingLog = true;
    await rotateLog(log);
    isMovingLog = false;
  }

  /**
   * Why it must not begin to take traffic: it is not what it should be. What takes traffic already is left to the
   * controller, which sees it too and knows whether there is anything better.
   */
  async function strangeness(
    identity: ProcessIdentity,
    port: number,
    now: Instant,
    isKnown: boolean,
  ): Promise<string | null> {
    try {
      // One that nobody has seen yet may be on its way.
      if ((await starter.look(identity, port, now)) === 'gone' && isKnown) {
        signalGroup(identity, 'SIGKILL');
        return 'its container is gone';
      }
    } catch (error) {
      if (!wasEverUp) return `what it is cannot be read back: ${messageOf(error)}`;
    }
    const digest = wasEverUp ? release.digest : starter.digestOf(identity);
    if (digest === null) return 'what it is was not read back yet';
    return digest === release.digest ? null : `it is ${digest} and not ${release.digest}`;
  }

  async function end(identity: ProcessIdentity): Promise<void> {
    if (!isAlive(identity)) return killLeftovers(identity);
    signalGroup(identity, 'SIGTERM');
    const isGone = () => !signalGroup(identity, 0);
    if (!(await until(isGone, run.stop))) signalGroup(identity, 'SIGKILL');
    await until(isGone, run.stop);
  }

  /** Whatever goes wrong with one process is its own trouble, and must not end the proxy of all others. */
  async function busy(work: Promise<void>): Promise<void> {
    isBusy = true;
    try {
      await work;
    } catch (error) {
      const isTooOften = pause.starts() >= MOST_FAILED_STARTS && !wasEverUp;
      if (error instanceof ImageRefused || isTooOften) isHopeless = true;
      damage = error instanceof ImageDamaged ? error.message : null;
      lastEnd = `cannot be started: ${messageOf(error)}`;
    } finally {
      isBusy = false;
    }
  }

  return {
    number,
    upstream: () => (isUp && !isStopping ? (current?.upstream ?? null) : null),
    hasFailed: () => isHopeless,
    damage: () => damage,
    tryAnew() {
      if (damage === null) return;
      damage = null;
      isHopeless = false;
      pause.forget();
      lastEnd = 'is being started, as its image was brought anew';
    },
    trouble() {
      if (isUp) return null;
      const words = damage === null ? lastWords(log) : null;
      const state = current === null ? (lastEnd ?? 'is being started') : (trouble ?? 'was not checked yet');
      return words === null ? state : `${state}; it last said: ${words} (more in ${log})`;
    },
    record: () => (current === null ? null : { identity: current.identity, port: current.port, isUp }),
    digest: () => (current === null ? null : starter.digestOf(current.identity)),
    suspect() {
      checkAt = 0;
    },
    tend(now) {
      if (isBusy || isStopping) return;
      if (current === null && pause.mayStart(now)) void busy(start(now));
      else if (current !== null && now >= checkAt) void busy(check(now));
    },
    async stop() {
      isStopping = true;
      if (current !== null) {
        const { identity, port, upstream } = current;
        await until(() => upstream.inFlight === 0, run.drain);
        upstream.close();
        await end(identity);
        leftAt = port;
      }
      await until(() => !isBusy, run.stop);
      try {
        await clean();
        await starter.close();
      } catch {
        // The next proxy looks for what was left behind, and nothing else of this one must wait for it.
      }
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Waits until it is so, at most for `patience`; tells whether it came to be. */
async function until(isSo: () => boolean, patience: number): Promise<boolean> {
  for (let waited = 0; !isSo(); waited += LOOK_EVERY) {
    if (waited >= patience) return false;
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_EVERY);
    });
  }
  return true;
}
