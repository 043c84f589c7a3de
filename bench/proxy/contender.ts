/** A proxy at work before the upstreams. */
export interface Contender {
  readonly name: string;
  /** What it was told, where that matters for the comparison. */
  readonly about: string;
  readonly port: number;
  /** The processes that do the proxy's work. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** Where stable and the candidate listen. All proxies send a tenth of the requests to the candidate. */
export interface Upstreams {
  readonly stable: number;
  readonly candidate: number;
}

/** The candidate's share of the requests, in percent. */
export const WEIGHT = 10;

/** Waits until the port answers, or throws after ten seconds. */
export async function untilItAnswers(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/`);
      if ((await answer.text()) === 'ok') return;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error(`port ${port} does not answer as the upstream does`);
}
