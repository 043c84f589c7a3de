import { setImmediate as turn } from 'node:timers/promises';

const PATIENCE = 10_000;
const STILL = 1_000;

/** Lets the event loop turn until `claim` holds; says what it waited for when that does not come true. */
export async function untilTrue(what: string, claim: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!claim()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await turn();
  }
}

/** Lets the event loop turn until `measure` gives the same for many turns. */
export async function untilStill(measure: () => number): Promise<void> {
  let last = measure();
  for (let still = 0; still < STILL; still += 1) {
    await turn();
    if (measure() !== last) still = 0;
    last = measure();
  }
}
