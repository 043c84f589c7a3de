import { STATUS_CODES } from 'node:http';

/** An answer that the proxy gives itself. */
export interface Answer {
  readonly status: number;
  readonly detail: string;
  /** Whole field lines: the fate of the connection, or what the status asks for. */
  readonly lines: string;
  readonly hasBody: boolean;
}

/** The bytes of the answer: a small text for people, never to be cached. */
export function renderAnswer({ status, detail, lines, hasBody }: Answer): string {
  const phrase = STATUS_CODES[status] ?? 'Unknown';
  const body = `${status} ${phrase}: ${detail}\n`;
  return (
    `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\n` +
    `Cache-Control: no-store\r\n${lines}\r\n${hasBody ? body : ''}`
  );
}
