import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { CANDIDATE, plan, START } from '../../../test/builders.ts';
import { storeContract } from '../../../test/contracts/store-contract.ts';
import { toEnded } from '../../core/turn/move.ts';
import { StoreError } from '../store.ts';
import { openSqliteStore } from './sqlite-store.ts';

storeContract('SQLite', async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-store-'));
  const store = openSqliteStore(path.join(directory, 'state.db'));
  const second = openSqliteStore(path.join(directory, 'state.db'));
  return {
    store,
    second,
    async close() {
      await store.close();
      await second.close();
      rmSync(directory, { recursive: true });
    },
  };
});

const REQUEST = {
  service: 'shop',
  environment: 'prod',
  plan: plan(),
  candidate: CANDIDATE,
  requestedBy: 'ann',
};

function temporaryFile(t: TestContext): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-store-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return path.join(directory, 'state.db');
}

describe('the SQLite file', () => {
  it('is refused when a newer version wrote it', (t) => {
    const file = temporaryFile(t);
    const database = new DatabaseSync(file);
    database.exec('pragma user_version = 99');
    database.close();
    assert.throws(() => openSqliteStore(file), isError('newer-schema'));
  });

  it('of an older version is taken over, with what was promoted and what was not', async (t) => {
    const file = temporaryFile(t);
    const older = openSqliteStore(file);
    const first = await older.begin(REQUEST, START, { supersede: false });
    const { to } = toEnded(first, { kind: 'promoted', reasons: [] }, START);
    const rollout = { ...first, revision: 2, phase: to };
    const nothing = { entries: [], answers: [], intervals: [], actions: [], attest: null, block: null };
    await older.commit([{ ...nothing, rollout, wakeAt: null }]);
    await older.begin(REQUEST, START, { supersede: false });
    await older.close();
    const database = new DatabaseSync(file);
    database.exec(`drop index rollout_verdict; drop index rollout_digest;
      alter table rollout drop column verdict; alter table rollout drop column digest; pragma user_version = 2`);
    database.close();

    const store = openSqliteStore(file);
    const promoted = await store.list({ service: 'shop', verdict: 'promoted', digest: CANDIDATE.digest });
    assert.deepEqual(promoted, [rollout]);
    assert.equal((await store.list({ digest: CANDIDATE.digest })).length, 2);
    await store.close();
  });

  it('is refused when it is something else', (t) => {
    const file = temporaryFile(t);
    writeFileSync(
      file,
      'not a database, but long enough to be taken for one by a careless reader'.repeat(20),
    );
    assert.throws(() => openSqliteStore(file), isError('corrupt'));
  });

  it(
    'says that its directory cannot be written',
    { skip: process.getuid?.() === 0 && 'root may write everywhere' },
    (t) => {
      const file = temporaryFile(t);
      chmodSync(path.dirname(file), 0o500);
      t.after(() => chmodSync(path.dirname(file), 0o700));
      assert.throws(() => openSqliteStore(file), isError('unavailable'));
    },
  );

  it('changes nothing when the disk is full, and goes on when there is room again', async (t) => {
    const disk = smallDisk(t);
    if (disk === null) return t.skip('no small disk can be mounted without being root');
    const store = openSqliteStore(path.join(disk, 'state.db'));
    t.after(() => store.close());
    const rollout = await store.begin(REQUEST, START, { supersede: false });
    const filler = path.join(disk, 'filler');
    fill(filler);
    const order = { command: { kind: 'pause' as const }, by: 'bob', note: 'x'.repeat(100_000) };
    await assert.rejects(store.sendCommand(rollout.id, order, START), isError('full'));
    assert.deepEqual(await store.pendingCommands(rollout.id), []);
    assert.deepEqual(await store.load(rollout.id), rollout);

    rmSync(filler);
    await store.sendCommand(rollout.id, order, START);
    assert.equal((await store.pendingCommands(rollout.id)).length, 1);
  });

  it('waits while another process writes', async (t) => {
    const file = temporaryFile(t);
    const store = openSqliteStore(file);
    t.after(() => store.close());
    const other = new DatabaseSync(file);
    t.after(() => other.close());
    other.exec('begin immediate');
    const begun = store.begin(REQUEST, START, { supersede: false });
    setTimeout(() => other.exec('commit'), 250);
    assert.equal((await begun).id, 'shop-prod-1');
  });
});

/** A directory on a disk of one megabyte of its own; null where this user may not mount one. */
function smallDisk(t: TestContext): string | null {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'canary-test', directory]);
  t.after(() => {
    if (mounted.status === 0) spawnSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true });
  });
  if (mounted.status !== 0) return null;
  return directory;
}

function fill(file: string): void {
  const block = Buffer.alloc(4_096);
  try {
    for (;;) appendFileSync(file, block);
  } catch {
    // The disk is full now.
  }
}

function isError(code: StoreError['code']) {
  return (error: unknown) => error instanceof StoreError && error.code === code;
}
