import type { Server } from 'node:http';
import type { Log } from '../reporting/log.ts';
import type { Refuse } from './refuse.ts';

/** Where to listen; port 0 lets the system choose. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  readonly refuse: Refuse;
}

/** Where the server is reached from within this machine. */
export interface LocalServer {
  readonly host: string;
  readonly port: number;
}

/** An address that stands for all of the machine can be listened on, but not called. */
const CALLABLE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use already; choose another with PORT',
  EACCES: 'may not be used by this user; choose one above 1023 with PORT',
  EADDRNOTAVAIL: 'is not an address of this machine; choose another with HOST',
  ENOTFOUND: 'is not a name that can be resolved; choose another with HOST',
};

/** Listens, and says in the log on which port. When that is impossible, the process ends with code 1 and one line. */
export function listen(server: Server, { host, port, log, refuse }: Place): Promise<LocalServer> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = WHY[error.code ?? ''] ?? `cannot be listened on: ${error.message}`;
      refuse(`${host}:${port} ${why}.`, 1);
    });
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address : { address: host, port };
      log('info', 'listening', { host, port: bound.port });
      resolve({ host: CALLABLE[bound.address] ?? bound.address, port: bound.port });
    });
  });
}
