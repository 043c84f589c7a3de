import { createHash } from 'node:crypto';
import type { JournalEntry, JournalRecord } from '../core/journal.ts';
import type { ChainHead } from './store.ts';

/** What the first record of a journal is chained to. */
export const CHAIN_START = '0'.repeat(64);

/** Chains entries to a journal: each record's hash covers the one before it, so that none can be changed or left out. */
export function chain(
  rollout: string,
  revision: number,
  head: ChainHead,
  entries: readonly JournalEntry[],
): readonly JournalRecord[] {
  let previous = head.hash;
  return entries.map((entry, index) => {
    const unhashed = { rollout, number: head.length + index + 1, revision, entry, previous };
    const record = { ...unhashed, hash: hashOf(unhashed) };
    previous = record.hash;
    return record;
  });
}

/** The number of the first record that does not fit its chain, or null when the journal is whole. */
export function firstBroken(records: readonly JournalRecord[], head: ChainHead): number | null {
  let previous = CHAIN_START;
  for (const [index, record] of records.entries()) {
    if (record.number !== index + 1 || record.previous !== previous || record.hash !== hashOf(record)) {
      return index + 1;
    }
    previous = record.hash;
  }
  return records.length === head.length && previous === head.hash ? null : records.length + 1;
}

function hashOf({ rollout, number, revision, entry, previous }: Omit<JournalRecord, 'hash'>): string {
  return createHash('sha256')
    .update(JSON.stringify([previous, rollout, number, revision, entry]))
    .digest('hex');
}
