import type { IncomingMessage } from 'node:http';
import { Refused } from './answer.ts';

/**
 * Lets in programs on this machine, and no web page. The registry asks nobody who they are, so a page that a browser on
 * this machine shows must not reach it: neither from another origin, nor under a name that somebody lets point here (DNS
 * rebinding). Throws `Refused`.
 */
export function checkVisitor({ headers, socket }: IncomingMessage): void {
  const port = String(socket.localPort);
  const names = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (headers.host === undefined || !names.includes(headers.host.toLowerCase())) {
    throw new Refused(403, 'DENIED', `this registry is called ${names.join(' or ')}, and nothing else`);
  }
  const site = headers['sec-fetch-site'];
  const isPage = headers.origin !== undefined || (site !== undefined && site !== 'none');
  if (isPage) throw new Refused(403, 'DENIED', 'web pages may not use this registry');
}
