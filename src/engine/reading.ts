import type { Clock } from '../clock/clock.ts';
import type { Reading } from '../core/observation.ts';
import type { Milliseconds } from '../core/time.ts';

/** How long any port may take for one answer. */
const PATIENCE: Milliseconds = 5_000;
const ANSWERED = 'answered';

/** Asks a port and turns whatever happens into a reading: an error or no answer in time is an outage. */
export async function read<T>(clock: Clock, ask: (signal: AbortSignal) => Promise<T>): Promise<Reading<T>> {
  try {
    return { kind: 'ok', value: await withPatience(clock, ask) };
  } catch (error) {
    return { kind: 'outage', error: messageOf(error) };
  }
}

/** Runs an action and returns what it said if it failed, else null. */
export async function attempt(
  clock: Clock,
  act: (signal: AbortSignal) => Promise<void>,
): Promise<string | null> {
  const reading = await read(clock, act);
  return reading.kind === 'ok' ? null : reading.error;
}

async function withPatience<T>(clock: Clock, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const answered = new AbortController();
  const deadline = new AbortController();
  const tooLate = clock.wait(PATIENCE, answered.signal).then(() => {
    deadline.abort();
    throw new Error(`no answer within ${PATIENCE / 1000} s`);
  });
  try {
    return await Promise.race([ask(deadline.signal), tooLate]);
  } finally {
    tooLate.catch(() => {});
    // With a reason of its own, since making the usual one with its stack costs more than all the rest of a reading.
    answered.abort(ANSWERED);
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? error.name : error.message;
}
