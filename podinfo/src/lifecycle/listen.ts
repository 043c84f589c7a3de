import type { Server } from 'node:http';
import type { Log } from '../reporting/log.ts';

/** Where to listen; port 0 lets the system choose. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly log: Log;
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use already; choose another with PORT',
  EACCES: 'may not be used by this user; choose one above 1023 with PORT',
  EADDRNOTAVAIL: 'is not an address of this machine; choose another with HOST',
  ENOTFOUND: 'is not a name that can be resolved; choose another with HOST',
};

/** Listens, and says in the log on which port. When that is impossible, the process ends with code 1 and one line. */
export function listen(server: Server, { host, port, log }: Place): void {
  server.once('error', (error: NodeJS.ErrnoException) => {
    const why = WHY[error.code ?? ''] ?? `cannot be listened on: ${error.message}`;
    process.stderr.write(`podinfo does not start: ${host}:${port} ${why}.\n`);
    process.exit(1);
  });
  server.listen(port, host, () => {
    const address = server.address();
    log('info', 'listening', { host, port: typeof address === 'object' ? address?.port : port });
  });
}
