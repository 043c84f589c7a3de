import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../store.ts';

/** Each entry takes the database from the version of its index to the next. Entries are never changed, only added. */
const MIGRATIONS: readonly string[] = [
  `
  create table rollout (
    id text primary key,
    service text not null,
    environment text not null,
    sequence integer not null,
    -- waiting (its turn or its gates have not come), active, ended
    place text not null check (place in ('waiting', 'active', 'ended')),
    -- whether it ever changed a target
    began integer not null default 0,
    revision integer not null,
    wake_at integer,
    state text not null,
    journal_length integer not null,
    journal_head text not null,
    created_at integer not null,
    unique (service, environment, sequence)
  ) strict;
  create unique index rollout_one_active on rollout (service, environment) where place = 'active';
  create index rollout_due on rollout (wake_at) where wake_at is not null;

  create table journal (
    rollout text not null references rollout (id),
    number integer not null,
    revision integer not null,
    entry text not null,
    previous text not null,
    hash text not null,
    primary key (rollout, number)
  ) strict, without rowid;

  create table command (
    id integer primary key autoincrement,
    rollout text not null references rollout (id),
    given_at integer not null,
    given_by text not null,
    note text,
    command text not null,
    accepted integer,
    answer text
  ) strict;
  create index command_pending on command (rollout) where answer is null;

  create table block (
    service text not null,
    environment text not null,
    digest text not null,
    release text not null,
    rollout text not null references rollout (id),
    blocked_at integer not null,
    reasons text not null,
    primary key (service, environment, digest)
  ) strict, without rowid;

  create table unblock (
    service text not null,
    environment text not null,
    digest text not null,
    release text not null,
    unblocked_by text not null,
    unblocked_at integer not null
  ) strict;
  `,
  `
  -- What the analysis of a rollout took in.
  create table interval (
    rollout text not null references rollout (id),
    target text not null,
    from_at integer not null,
    to_at integer not null,
    step integer not null,
    weight real not null,
    arms text not null,
    primary key (rollout, from_at, target)
  ) strict, without rowid;
  `,
  `
  -- What is asked of the past: what became of an image here, and what was promoted.
  alter table rollout add column digest text not null default '';
  alter table rollout add column verdict text;
  update rollout set
    digest = json_extract(state, '$.candidate.digest'),
    verdict = case json_extract(state, '$.phase.kind') when 'ended' then json_extract(state, '$.phase.verdict.kind') end;
  create index rollout_verdict on rollout (service, environment, verdict, sequence);
  create index rollout_digest on rollout (service, environment, digest, sequence);
  `,
];

/** Brings the database to the newest version in one transaction, or says why it cannot. */
export function migrate(database: DatabaseSync, path: string): void {
  const versionOf = () => Number(database.prepare('pragma user_version').get()?.['user_version'] ?? 0);
  if (versionOf() === MIGRATIONS.length) return;
  // Another process may have begun to do the same: asked again with the lock that only one can have.
  database.exec('begin immediate');
  try {
    const version = versionOf();
    if (version > MIGRATIONS.length) {
      throw new StoreError(
        'newer-schema',
        `${path} was written by a newer version of canary (schema ${version}, this one knows ${MIGRATIONS.length}). Update canary.`,
      );
    }
    for (const statements of MIGRATIONS.slice(version)) database.exec(statements);
    database.exec(`pragma user_version = ${MIGRATIONS.length}`);
    database.exec('commit');
  } catch (error) {
    database.exec('rollback');
    throw error;
  }
}
