import { type Fields, valueOf } from './fields.ts';

/** What the `Connection` field of a message says. */
export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** Lower-case names of further fields that are meant for the next hop only. */
  readonly named: ReadonlySet<string>;
}

const SILENT: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, named: new Set() };
const CLOSE: ConnectionOptions = { ...SILENT, close: true };
const KEEP_ALIVE: ConnectionOptions = { ...SILENT, keepAlive: true };

const OPTIONS = new Set(['close', 'keep-alive', 'upgrade']);
/**
 * Fields that a `Connection` field cannot take away, whatever it says: they decide routing and framing, and whether the
 * upstream says that it waits for the body.
 */
const UNTOUCHABLE = new Set(['host', 'content-length', 'transfer-encoding', 'expect', '']);

export function connectionOptions(fields: Fields): ConnectionOptions {
  let said: string | undefined;
  for (const line of fields.lines) {
    if (line.known === 'connection') {
      said = said === undefined ? valueOf(fields, line) : `${said},${valueOf(fields, line)}`;
    }
  }
  if (said === undefined) return SILENT;
  if (said === 'keep-alive' || said === 'Keep-Alive') return KEEP_ALIVE;
  if (said === 'close' || said === 'Close') return CLOSE;
  return fromTokens(said.toLowerCase().split(/[ \t]*,[ \t]*/));
}

function fromTokens(tokens: readonly string[]): ConnectionOptions {
  return {
    close: tokens.includes('close'),
    keepAlive: tokens.includes('keep-alive'),
    upgrade: tokens.includes('upgrade'),
    named: new Set(tokens.filter((token) => !OPTIONS.has(token) && !UNTOUCHABLE.has(token))),
  };
}
