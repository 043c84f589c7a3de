import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { RolloutFilter } from '../store.ts';

/** Due whatever the clock of the process that asks: that of whoever wants something may be ahead of it. */
const AT_ONCE = 0;

export type Statements = ReturnType<typeof statements>;

/** Every statement that the store uses, prepared once. */
export function statements(database: DatabaseSync) {
  return {
    insertRollout: database.prepare(`
      insert into rollout (id, service, environment, sequence, place, revision, wake_at, state, digest,
                           journal_length, journal_head, created_at)
      values (:id, :service, :environment, :sequence, :place, :revision, ${AT_ONCE}, :state, :digest,
              :journal_length, :journal_head, :created_at)`),
    updateRollout: database.prepare(`
      update rollout set revision = :revision, place = :place, began = max(began, :began), verdict = :verdict,
                         wake_at = :wake_at, state = :state
      where id = :id and revision = :previous
      returning journal_length, journal_head`),
    moveHead: database.prepare('update rollout set journal_length = ?, journal_head = ? where id = ?'),
    load: database.prepare('select state from rollout where id = ?'),
    head: database.prepare('select journal_length, journal_head from rollout where id = ?'),
    list: listBy(database),
    lastSequence: database.prepare(
      'select max(sequence) as sequence from rollout where service = ? and environment = ?',
    ),
    unended: database.prepare(
      `select id from rollout where service = ? and environment = ? and place <> 'ended' order by sequence`,
    ),
    ahead: database.prepare(
      `select id from rollout where service = ? and environment = ? and sequence < ? and place <> 'ended'`,
    ),
    overtaken: database.prepare(
      `select id from rollout where service = ? and environment = ? and sequence > ? and began = 1`,
    ),
    due: database.prepare('select id from rollout where wake_at <= ? order by wake_at limit ?'),
    wake: database.prepare(`update rollout set wake_at = ${AT_ONCE} where id = ?`),
    journal: database.prepare('select * from journal where rollout = ? order by number'),
    insertRecord: database.prepare(
      'insert into journal (rollout, number, revision, entry, previous, hash) values (?, ?, ?, ?, ?, ?)',
    ),
    intervals: database.prepare('select * from interval where rollout = ? order by to_at, from_at, target'),
    insertInterval: database.prepare(
      'insert into interval (rollout, target, from_at, to_at, step, weight, arms) values (?, ?, ?, ?, ?, ?, ?)',
    ),
    insertCommand: database.prepare(
      'insert into command (rollout, given_at, given_by, note, command) values (?, ?, ?, ?, ?)',
    ),
    pendingCommands: database.prepare(
      'select * from command where rollout = ? and answer is null order by id',
    ),
    answerCommand: database.prepare(
      'update command set accepted = ?, answer = ? where id = ? and answer is null',
    ),
    answer: database.prepare('select accepted, answer from command where id = ?'),
    blocks: database.prepare('select * from block where service = ? and environment = ? order by blocked_at'),
    insertBlock: database.prepare(
      `insert or replace into block (service, environment, digest, release, rollout, blocked_at, reasons)
       values (?, ?, ?, ?, ?, ?, ?)`,
    ),
    unblock: database.prepare(`
      delete from block
      where service = :service and environment = :environment and (release = :release or digest = :release)
      returning digest, release`),
    recordUnblock: database.prepare(
      `insert into unblock (service, environment, digest, release, unblocked_by, unblocked_at)
       values (?, ?, ?, ?, ?, ?)`,
    ),
  };
}

type Row = Record<string, SQLOutputValue>;

const COLUMNS = ['service', 'environment', 'verdict', 'digest'] as const;

/** Lists by what the filter says and nothing else, so that an index serves; one statement for each choice of columns. */
function listBy(database: DatabaseSync): (filter: RolloutFilter, limit: number) => readonly Row[] {
  const prepared = new Map<string, StatementSync>();
  return (filter, limit) => {
    const columns = COLUMNS.filter((column) => filter[column] !== undefined);
    const where = columns.map((column) => `${column} = ?`).join(' and ') || 'true';
    const statement =
      prepared.get(where) ??
      database.prepare(`select state from rollout where ${where} order by ${orderOf(filter)} limit ?`);
    prepared.set(where, statement);
    return statement.all(...columns.map((column) => filter[column] ?? ''), limit);
  };
}

/** Within a service and environment the sequence is the order, whatever the clock did; elsewhere there is only the clock. */
function orderOf({ service, environment }: RolloutFilter): string {
  const isOnePlace = service !== undefined && environment !== undefined;
  return isOnePlace ? 'sequence desc' : 'created_at desc, sequence desc';
}
