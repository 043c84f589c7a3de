import type { Redaction } from './redaction.ts';

/** From talkative to quiet. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LEVELS)[number];

/** Writes one line. Fields that are undefined are left out. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** What a log needs to know once. */
export interface LogSettings {
  /** Less important lines are not written. */
  readonly level: LogLevel;
  /** Stands in every line. */
  readonly release: string;
  readonly redaction: Redaction;
  readonly write: (line: string) => void;
}

/** A log of JSON objects, one a line, out of which secrets are kept. */
export function jsonLog({ level: threshold, release, redaction, write }: LogSettings): Log {
  return (level, message, fields = {}) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(threshold)) return;
    const record = { time: new Date().toISOString(), level, message, ...fields, release };
    write(`${JSON.stringify(redaction.json(record))}\n`);
  };
}
