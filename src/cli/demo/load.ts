import { Agent, request } from 'node:http';
import type { Clock } from '../../clock/clock.ts';
import type { Milliseconds } from '../../core/time.ts';

/** What users got so far. */
export interface Served {
  readonly total: number;
  /** Answered, but badly: status 5xx. */
  readonly failed: number;
  /** Not answered at all: refused, reset or timed out. */
  readonly lost: number;
  /** Answered well, but later than `SLOW`. */
  readonly slow: number;
  /** Time between the first and the last bad answer; null if there was none. */
  readonly badFor: Milliseconds | null;
}

/** Users who keep coming, whether the service answers or not. */
export interface Load {
  /** Counts from now on. */
  reset(): void;
  served(): Served;
  /** No new requests; resolves when those under way have ended. */
  stop(): Promise<void>;
}

/** What no user should have to wait for. */
const SLOW: Milliseconds = 250;

const TICK: Milliseconds = 10;
const TIMEOUT: Milliseconds = 10_000;

const NONE = { total: 0, failed: 0, lost: 0, slow: 0 };

/** Sends requests to a port of this machine at a steady rate, each when its time has come and not when the last was answered. */
export function startLoad(port: number, requestsPerSecond: number, clock: Clock): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const elapsed = clock.stopwatch();
  let sent = 0;
  let underWay = 0;
  let counts = NONE;
  let firstBad: number | null = null;
  let lastBad: number | null = null;
  let generation = 0;

  function note(outcome: 'well' | 'failed' | 'lost' | 'slow', of: number): void {
    if (of !== generation) return;
    counts = { ...counts, total: counts.total + 1 };
    if (outcome === 'well') return;
    counts = { ...counts, [outcome]: counts[outcome] + 1 };
    firstBad ??= elapsed();
    lastBad = elapsed();
  }

  function send(): void {
    const of = generation;
    const sentAt = elapsed();
    underWay += 1;
    const asked = request(
      { port, host: '127.0.0.1', path: '/version', agent, timeout: TIMEOUT },
      (answer) => {
        answer.resume();
        answer.once('end', () => {
          const isSlow = elapsed() - sentAt > SLOW;
          note((answer.statusCode ?? 500) >= 500 ? 'failed' : isSlow ? 'slow' : 'well', of);
        });
        answer.once('error', () => note('lost', of));
      },
    );
    asked.once('timeout', () => asked.destroy(new Error('timeout')));
    asked.once('error', () => note('lost', of));
    asked.once('close', () => {
      underWay -= 1;
    });
    asked.end();
  }

  const timer = setInterval(() => {
    const due = Math.floor((elapsed() * requestsPerSecond) / 1_000);
    for (; sent < due; sent += 1) send();
  }, TICK);

  return {
    reset() {
      generation += 1;
      counts = NONE;
      firstBad = null;
      lastBad = null;
    },
    served: () => ({ ...counts, badFor: firstBad === null || lastBad === null ? null : lastBad - firstBad }),
    async stop() {
      clearInterval(timer);
      while (underWay > 0) await clock.wait(TICK);
      agent.destroy();
    },
  };
}
