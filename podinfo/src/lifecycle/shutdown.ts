import type { Server, ServerResponse } from 'node:http';
import { constants } from 'node:os';
import type { Log } from '../reporting/log.ts';
import type { Readiness } from './readiness.ts';

/** What has to be stopped. */
export interface Running {
  readonly server: Server;
  readonly readiness: Readiness;
  readonly log: Log;
  /** Milliseconds that requests under way have to finish. */
  readonly grace: number;
  /** Resolves when answers are also handed over where the server does not see it. */
  readonly settled: () => Promise<void>;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Ends the process with code 0 once requests under way are answered; a second signal ends it at once. */
export function stopOnSignals(running: Running): void {
  const { server, readiness, log, grace } = running;
  const isStopping = () => readiness.state() === 'stopping';
  server.on('request', (_request, response: ServerResponse) => {
    response.once('close', () => {
      if (isStopping()) setImmediate(() => server.closeIdleConnections());
    });
  });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (isStopping()) process.exit(128 + constants.signals[signal]);
      log('info', 'stopping', { signal, graceSeconds: grace / 1_000 });
      stop(running);
    });
  }
}

function stop({ server, readiness, log, grace, settled }: Running): void {
  readiness.stop();
  const cutOff = setTimeout(() => {
    log('warn', 'the grace period is over, cutting off what is still under way');
    server.closeAllConnections();
  }, grace);
  // Closes the connections that are idle now; the others become so with the end of their answers.
  server.close(() => {
    clearTimeout(cutOff);
    void settled().finally(() => {
      log('info', 'stopped');
      process.exit(0);
    });
  });
}
