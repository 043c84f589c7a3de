import type { CommandKind } from './command.ts';
import { printable } from './printable.ts';
import { type Reason, sayReason } from './reason.ts';
import type { Verdict } from './rollout.ts';
import type { Instant } from './time.ts';

/** One decision and its reasons. Written only when something changed, in the same transaction as the state. */
export type JournalEntry = { readonly at: Instant } & (
  | {
      readonly kind: 'began';
      readonly release: string;
      readonly digest: string;
      readonly by: string;
      readonly targets: readonly string[];
      readonly weights: readonly number[];
      /** The gates that were asked to be overruled, and why; missing where none was. */
      readonly overrules?: readonly { readonly gate: string; readonly note: string }[];
    }
  | {
      readonly kind: 'moved';
      /** Phases as `labelOf` names them. */
      readonly from: string;
      readonly to: string;
      /** The candidate's weight that is wished from now on. */
      readonly weight: number;
      readonly because: readonly Reason[];
    }
  | {
      readonly kind: 'commanded';
      readonly command: CommandKind;
      readonly by: string;
      readonly note: string | null;
      readonly accepted: boolean;
      readonly text: string;
    }
  | { readonly kind: 'noted'; readonly reason: Reason }
  | { readonly kind: 'ended'; readonly verdict: Verdict }
);

/** An entry as it is stored: numbered and chained to the one before it. */
export interface JournalRecord {
  readonly rollout: string;
  /** Counts from 1 in its rollout. */
  readonly number: number;
  readonly revision: number;
  readonly entry: JournalEntry;
  /** Hash of the record before it; 64 zeros for the first. */
  readonly previous: string;
  /** SHA-256 over previous, rollout, number, revision and entry, in hex. */
  readonly hash: string;
}

/** What happened, in one line for people. Always printable. */
export function sayEntry(entry: JournalEntry): string {
  return printable(sayHappened(entry));
}

function sayHappened(entry: JournalEntry): string {
  switch (entry.kind) {
    case 'began':
      return `${entry.by} began a rollout of ${entry.release} to ${entry.targets.join(', ')}${sayOverrules(entry.overrules ?? [])}`;
    case 'moved':
      return `${entry.from} → ${entry.to}${sayBecause(entry.because)}`;
    case 'commanded':
      return `${entry.by}: ${entry.command}${entry.note === null ? '' : ` (${entry.note})`}: ${entry.text}`;
    case 'noted':
      return sayReason(entry.reason);
    case 'ended':
      return `${entry.verdict.kind}${sayBecause(entry.verdict.reasons)}`;
    default:
      return entry satisfies never;
  }
}

function sayOverrules(overrules: readonly { readonly gate: string; readonly note: string }[]): string {
  return overrules.map(({ gate, note }) => `, and asks to overrule ${gate} (${note})`).join('');
}

function sayBecause(reasons: readonly Reason[]): string {
  return reasons.length === 0 ? '' : `: ${reasons.map(sayReason).join('; ')}`;
}
