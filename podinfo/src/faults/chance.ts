/** Draws the next number, from 0 up to but not including 1. */
export type Chance = () => number;

/**
 * The same seed, a 32-bit unsigned integer, gives the same numbers on every machine. This is Tommy Ettinger's
 * mulberry32: small, and good enough to choose which requests fail.
 */
export function seededChance(seed: number): Chance {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
