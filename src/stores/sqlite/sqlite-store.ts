import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { z } from 'zod';
import type { Command, PendingCommand } from '../../core/command.ts';
import type { Decision } from '../../core/decision.ts';
import type { Interval } from '../../core/analysis/evidence.ts';
import type { JournalEntry, JournalRecord } from '../../core/journal.ts';
import { beginRollout, firstEntry, type Rollout, type RolloutRequest } from '../../core/rollout.ts';
import { chain, CHAIN_START } from '../chain.ts';
import { type Block, type ChainHead, type Order, placeOf, type Store, StoreError } from '../store.ts';
import { armsText, storedArms, storedCommand, storedEntry, storedReasons, storedRollout } from '../stored.ts';
import { isUniqueViolation, openDatabase, transaction, translated } from './database.ts';
import { statements, type Statements } from './statements.ts';

/**
 * The store of the embedded host: one SQLite file in WAL mode, so that other processes read while one writes. Every
 * write is one short `begin immediate` transaction that is on disk when it returns.
 */
export function openSqliteStore(file: string): Store {
  const database = openDatabase(file);
  const sql = statements(database);
  const write = <T>(work: () => T): Promise<T> => transaction(file, database, work);
  const read = <T>(work: () => T): Promise<T> => Promise.resolve().then(() => translated(file, work));

  return {
    begin: (request, now, { supersede, after = 0 }) =>
      write(() => {
        const { service, environment } = request;
        const inTheWay = sql.unended.all(service, environment).map((row) => text(row['id']));
        if (inTheWay.length > 0 && !supersede) {
          throw new StoreError('active-rollout', `${inTheWay.join(' and ')} is still under way.`);
        }
        const last = sql.lastSequence.get(service, environment);
        const sequence = Math.max(after, Number(last?.['sequence'] ?? 0)) + 1;
        const rollout = beginWithFreeId(sql, request, sequence, now);
        for (const id of inTheWay) {
          const command: Command = { kind: 'supersede', rollout: rollout.id };
          insertCommand(sql, id, { command, by: request.requestedBy, note: null }, now);
        }
        insertRollout(sql, rollout, now);
        return rollout;
      }),
    load: (id) => read(() => rolloutOf(sql.load.get(id))),
    list: ({ limit = 100, ...filter }) =>
      read(() => sql.list(filter, limit).flatMap((row) => rolloutOf(row) ?? [])),
    due: (now, limit) => read(() => sql.due.all(now, limit).map((row) => text(row['id']))),
    commit: (decisions) => write(() => decisions.map((decision) => commitOne(database, sql, decision))),
    journal: (id) => read(() => sql.journal.all(id).map(recordOf)),
    intervals: (id) => read(() => sql.intervals.all(id).map(intervalOf)),
    journalHead: (id) =>
      read(() => {
        const row = sql.head.get(id);
        if (row === undefined) throw unknown(id);
        return { length: Number(row['journal_length']), hash: text(row['journal_head']) };
      }),
    sendCommand: (id, order, now) => write(() => insertCommand(sql, id, order, now)),
    pendingCommands: (id) => read(() => sql.pendingCommands.all(id).map(pendingOf)),
    answerTo: (command) =>
      read(() => {
        const row = sql.answer.get(command);
        if (row === undefined || row['answer'] === null) return null;
        return { command, accepted: row['accepted'] === 1, text: text(row['answer']) };
      }),
    neighbours: ({ service, environment, sequence }) =>
      read(() => {
        const ahead = sql.ahead.get(service, environment, sequence);
        const overtaken = sql.overtaken.get(service, environment, sequence);
        return { ahead: ahead === undefined ? null : text(ahead['id']), overtaken: overtaken !== undefined };
      }),
    blocks: (service, environment) => read(() => sql.blocks.all(service, environment).map(blockOf)),
    unblock: (service, environment, release, by, now) =>
      write(() => {
        const lifted = sql.unblock.all({ service, environment, release });
        for (const row of lifted) {
          sql.recordUnblock.run(service, environment, text(row['digest']), text(row['release']), by, now);
        }
        return lifted.length > 0;
      }),
    close: () => read(() => database.close()),
  };
}

function unknown(id: string): StoreError {
  return new StoreError('unknown-rollout', `There is no rollout ${id}; \`canary history\` lists them.`);
}

/** `shop-eu` in `prod` and `shop` in `eu-prod` would have the same ids, so sequence numbers may leave some out. */
function beginWithFreeId(sql: Statements, request: RolloutRequest, sequence: number, now: number): Rollout {
  const rollout = beginRollout(request, sequence, now);
  const isTaken = sql.load.get(rollout.id) !== undefined;
  return isTaken ? beginWithFreeId(sql, request, sequence + 1, now) : rollout;
}

function insertRollout(sql: Statements, rollout: Rollout, now: number): void {
  const head = { length: 0, hash: CHAIN_START };
  sql.insertRollout.run({
    id: rollout.id,
    service: rollout.service,
    environment: rollout.environment,
    sequence: rollout.sequence,
    place: placeOf(rollout),
    revision: rollout.revision,
    state: JSON.stringify(rollout),
    digest: rollout.candidate.digest,
    journal_length: 0,
    journal_head: head.hash,
    created_at: now,
  });
  appendJournal(sql, rollout, head, [firstEntry(rollout)]);
}

function insertCommand(sql: Statements, id: string, { command, by, note }: Order, now: number): number {
  if (sql.wake.run(id).changes === 0) {
    throw unknown(id);
  }
  return Number(sql.insertCommand.run(id, now, by, note, JSON.stringify(command)).lastInsertRowid);
}

/** One decision of a batch. A conflict undoes only this one: the others of the batch are committed. */
function commitOne(database: DatabaseSync, sql: Statements, decision: Decision): 'committed' | 'conflict' {
  const { rollout, entries, answers, intervals, block, wakeAt } = decision;
  database.exec('savepoint one');
  try {
    const head = sql.updateRollout.get({
      id: rollout.id,
      previous: rollout.revision - 1,
      revision: rollout.revision,
      place: placeOf(rollout),
      began: placeOf(rollout) === 'active' ? 1 : 0,
      verdict: rollout.phase.kind === 'ended' ? rollout.phase.verdict.kind : null,
      wake_at: wakeAt,
      state: JSON.stringify(rollout),
    });
    if (head === undefined) {
      database.exec('rollback to one; release one');
      return 'conflict';
    }
    const chainHead = { length: Number(head['journal_length']), hash: text(head['journal_head']) };
    if (entries.length > 0) appendJournal(sql, rollout, chainHead, entries);
    for (const answer of answers) sql.answerCommand.run(answer.accepted ? 1 : 0, answer.text, answer.command);
    for (const interval of intervals) insertInterval(sql, rollout.id, interval);
    if (sql.pendingCommands.get(rollout.id) !== undefined) sql.wake.run(rollout.id);
    if (block !== null) insertBlock(sql, rollout, block);
    database.exec('release one');
    return 'committed';
  } catch (error) {
    database.exec('rollback to one; release one');
    if (isUniqueViolation(error)) return 'conflict';
    throw error;
  }
}

function appendJournal(
  sql: Statements,
  rollout: Rollout,
  head: ChainHead,
  entries: readonly JournalEntry[],
): void {
  const records = chain(rollout.id, rollout.revision, head, entries);
  for (const { number, revision, entry, previous, hash } of records) {
    sql.insertRecord.run(rollout.id, number, revision, JSON.stringify(entry), previous, hash);
  }
  const last = records.at(-1);
  if (last !== undefined) sql.moveHead.run(last.number, last.hash, rollout.id);
}

function insertInterval(sql: Statements, id: string, interval: Interval): void {
  const { target, step, weight, from, to, arms } = interval;
  sql.insertInterval.run(id, target, from, to, step, weight, armsText(arms));
}

function insertBlock(
  sql: Statements,
  rollout: Rollout,
  { release, reasons }: NonNullable<Decision['block']>,
): void {
  const { service, environment, id, lastTurnAt } = rollout;
  sql.insertBlock.run(
    service,
    environment,
    release.digest,
    release.name,
    id,
    lastTurnAt,
    JSON.stringify(reasons),
  );
}

type Row = Record<string, SQLOutputValue>;

function text(value: SQLOutputValue | undefined): string {
  return z.string().parse(value);
}

function rolloutOf(row: Row | undefined): Rollout | null {
  if (row === undefined) return null;
  return storedRollout(text(row['state']));
}

function recordOf(row: Row): JournalRecord {
  return {
    rollout: text(row['rollout']),
    number: Number(row['number']),
    revision: Number(row['revision']),
    entry: storedEntry(text(row['entry'])),
    previous: text(row['previous']),
    hash: text(row['hash']),
  };
}

function intervalOf(row: Row): Interval {
  return {
    target: text(row['target']),
    step: Number(row['step']),
    weight: Number(row['weight']),
    from: Number(row['from_at']),
    to: Number(row['to_at']),
    arms: storedArms(text(row['arms'])),
    // What was judged once is judged again, however short it was.
    flush: true,
  };
}

function pendingOf(row: Row): PendingCommand {
  return {
    id: Number(row['id']),
    at: Number(row['given_at']),
    by: text(row['given_by']),
    note: row['note'] === null ? null : text(row['note']),
    command: storedCommand(text(row['command'])),
  };
}

function blockOf(row: Row): Block {
  return {
    service: text(row['service']),
    environment: text(row['environment']),
    release: text(row['release']),
    digest: text(row['digest']),
    rollout: text(row['rollout']),
    at: Number(row['blocked_at']),
    reasons: storedReasons(text(row['reasons'])),
  };
}
