/** How long one request may take, and how often and after which waits a service that fails is asked again. Milliseconds. */
export interface Patience {
  readonly timeout: number;
  readonly retries: number;
  readonly firstWait: number;
  readonly longestWait: number;
}

/** Waits of 1, 2, 4, … up to 30 s, for about two minutes in all: Sigstore's services have had outages of that length. */
export const PATIENCE: Patience = { timeout: 30_000, retries: 8, firstWait: 1_000, longestWait: 30_000 };

/** How long to wait after so many failures in a row, each twice as long as the one before. */
export function waitAfter(failures: number, { firstWait, longestWait }: Patience): number {
  return Math.min(firstWait * 2 ** (failures - 1), longestWait);
}
