import { z } from 'zod';
import type { Command } from '../core/command.ts';
import type { JournalEntry } from '../core/journal.ts';
import type { Reason } from '../core/reason.ts';
import type { Rollout } from '../core/rollout.ts';

/**
 * Readers of what a store once wrote. Only stores write it, always as a whole, and the schema version says by whom, so
 * a reader checks that it is the right kind of thing and not every field of it.
 */
const rollout = z.custom<Rollout>((value) =>
  hasKeys(value, ['id', 'revision', 'phase', 'plan', 'candidate']),
);
const entry = z.custom<JournalEntry>((value) => hasKeys(value, ['at', 'kind']));
const command = z.custom<Command>((value) => hasKeys(value, ['kind']));
const reasons = z.array(z.custom<Reason>((value) => hasKeys(value, ['code'])));

export function storedRollout(json: string): Rollout {
  return rollout.parse(JSON.parse(json));
}

export function storedEntry(json: string): JournalEntry {
  return entry.parse(JSON.parse(json));
}

export function storedCommand(json: string): Command {
  return command.parse(JSON.parse(json));
}

export function storedReasons(json: string): readonly Reason[] {
  return reasons.parse(JSON.parse(json));
}

function hasKeys(value: unknown, keys: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && keys.every((key) => key in value);
}
