/** A point in time: whole milliseconds since the Unix epoch. */
export type Instant = number;

/** A length of time in whole milliseconds. */
export type Milliseconds = number;

/** A half-open stretch of time `[from, to)`. */
export interface Window {
  readonly from: Instant;
  readonly to: Instant;
}

/** How a duration is said to people: `850 ms`, `12 s`, `4 min`, `1 h 30 min`. */
export function sayDuration(duration: Milliseconds): string {
  if (duration < 1000) return `${Math.round(duration)} ms`;
  if (duration < 10_000) return `${trimZero((duration / 1000).toFixed(1))} s`;
  const seconds = Math.round(duration / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

function trimZero(decimal: string): string {
  return decimal.endsWith('.0') ? decimal.slice(0, -2) : decimal;
}
