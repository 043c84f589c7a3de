import { fieldValue } from './fields.ts';
import { keptLines } from './kept-lines.ts';
import type { KnownField } from './known-field.ts';
import type { Request } from './request.ts';

/** Fields of one hop, and those that are written anew. */
const DROPPED: ReadonlySet<KnownField> = new Set([
  'connection',
  'keep-alive',
  'proxy',
  'te',
  'upgrade',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
] as const);
const DROPPED_OF_HTTP_1_0: ReadonlySet<KnownField> = new Set([...DROPPED, 'expect'] as const);

/** What a request gets on its way besides what the client sent. */
export interface RequestHop {
  /** Address of the client. */
  readonly client: string;
  /** What to call the server when the client did not. */
  readonly authority: string;
  /** Whole field lines. */
  readonly added: string;
}

/**
 * The head under which a request is passed on: always HTTP/1.1, on a connection to be kept. The framing fields stay as
 * they came, for they were read without doubt.
 */
export function renderRequest(request: Request, hop: RequestHop): string {
  const { method, target, fields, minor, connection } = request;
  const host = request.host === undefined ? `Host: ${hop.authority}\r\n` : '';
  const kept = keptLines(fields, minor === 0 ? DROPPED_OF_HTTP_1_0 : DROPPED, connection.named);
  const upgrade = request.upgrade === undefined ? '' : upgradeLines(request.upgrade);
  return `${method} ${target} HTTP/1.1\r\n${host}${kept}${forwardedLines(request, hop.client)}${upgrade}${hop.added}\r\n`;
}

/** The field lines that ask for a change of protocol, or agree to it. */
export function upgradeLines(protocol: string): string {
  return `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
}

function forwardedLines({ fields, host }: Request, client: string): string {
  const before = fieldValue(fields, 'x-forwarded-for') ?? '';
  const proto = fieldValue(fields, 'x-forwarded-proto') ?? 'http';
  const asked = fieldValue(fields, 'x-forwarded-host') ?? host;
  const chain = before === '' ? client : `${before}, ${client}`;
  const askedLine = asked === undefined ? '' : `X-Forwarded-Host: ${asked}\r\n`;
  return `X-Forwarded-For: ${chain}\r\nX-Forwarded-Proto: ${proto}\r\n${askedLine}`;
}
