import { isBodiless, type MinorVersion } from './framing.ts';
import { keptLines } from './kept-lines.ts';
import type { KnownField } from './known-field.ts';
import type { Response } from './response.ts';

const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy', 'te', 'upgrade'] as const;
const DROPPED: ReadonlySet<KnownField> = new Set(HOP_BY_HOP);
const DROPPED_WITH_FRAMING: ReadonlySet<KnownField> = new Set([
  ...HOP_BY_HOP,
  'content-length',
  'transfer-encoding',
]);
const DROPPED_WITH_CHUNKS: ReadonlySet<KnownField> = new Set([...HOP_BY_HOP, 'transfer-encoding', 'trailer']);

/**
 * The head under which a response is passed on to a client that speaks HTTP/1.`minor`, with whole lines `added`. The
 * framing fields stay as they came, for they were read without doubt; but HTTP/1.0 knows no chunks, and an empty
 * response must not describe a body.
 */
export function renderResponse(response: Response, minor: MinorVersion, added: string): string {
  const { status, reason, fields, connection } = response;
  const dropped = isBodiless(status) ? DROPPED_WITH_FRAMING : minor === 0 ? DROPPED_WITH_CHUNKS : DROPPED;
  return `HTTP/1.1 ${status} ${reason}\r\n${keptLines(fields, dropped, connection.named)}${added}\r\n`;
}

/** What a client is told of the connection's future: nothing, where its version says the same. */
export function persistenceLine(minor: MinorVersion, persists: boolean): string {
  if (!persists) return 'Connection: close\r\n';
  return minor === 0 ? 'Connection: keep-alive\r\n' : '';
}
