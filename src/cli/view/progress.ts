import type { Output } from '../output.ts';

/** Shows that long work goes on, where a person watches. */
export interface Progress {
  /** One part of the work is done. */
  step(): void;
  close(): void;
}

const WIDTH = 40;

/** A bar on standard error, for work of so many parts. */
export function showProgress({ isLive }: Output, parts: number): Progress {
  let done = 0;
  let shown = -1;
  return {
    step() {
      done += 1;
      const percent = Math.floor((100 * done) / parts);
      if (!isLive || percent === shown) return;
      shown = percent;
      const filled = Math.round((WIDTH * done) / parts);
      process.stderr.write(`\r${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${percent} %`);
    },
    close() {
      if (isLive) process.stderr.write('\r\u001B[K');
    },
  };
}
