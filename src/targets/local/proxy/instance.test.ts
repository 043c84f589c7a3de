import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { birthOf } from './birth.ts';
import { type Instance, type InstanceOptions, keepInstance } from './instance.ts';
import { type ProcessIdentity, signalGroup, startProcess } from './process.ts';
import { commandStarter } from './starter.ts';
import { directory, RUN, service, workUntil } from './testing/service.ts';

/** An instance that is stopped after the test. */
function instance(t: TestContext, changes: Partial<InstanceOptions> = {}): Instance {
  const kept = keepInstance({
    number: 0,
    release: service(),
    run: RUN,
    starter: commandStarter(service().digest, service().artifact),
    log: path.join(directory(t), 'service.log'),
    adopted: null,
    onChange: () => {},
    ...changes,
  });
  t.after(() => kept.stop());
  return kept;
}

/** A process that an earlier proxy started, and the pid of its child, which takes part in nothing. */
async function adoptable(t: TestContext) {
  const log = path.join(directory(t), 'earlier.log');
  const artifact = {
    ...service().artifact,
    command: ['sh', '-c', 'sleep 600 & echo "child $!"; wait'] as const,
  };
  const identity = startProcess({
    program: artifact,
    isIsolated: false,
    port: 1,
    env: {},
    log,
    onExit: () => {},
  });
  assert.ok(identity !== null);
  t.after(() => signalGroup(identity, 'SIGKILL'));
  const said = () => /child (\d+)\n/.exec(readFileSync(log, 'utf8'))?.[1];
  await workUntil(
    () => {},
    () => said() !== undefined,
  );
  return { record: { identity, port: 1, isUp: false }, identity, child: Number(said()) };
}

const isGone = (pid: number) => birthOf(pid) === null;

/** Kills the process, but not its children. */
async function killLeader({ pid }: ProcessIdentity): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await workUntil(
    () => {},
    () => isGone(pid),
  );
}

describe('an adopted process that ends leaves no children behind', () => {
  it('when it ended while there was no proxy', async (t) => {
    const { record, identity, child } = await adoptable(t);
    await killLeader(identity);
    assert.ok(!isGone(child));
    instance(t, { adopted: record });
    await workUntil(
      () => {},
      () => isGone(child),
    );
  });

  it('when it ends later', async (t) => {
    const { record, identity, child } = await adoptable(t);
    const kept = instance(t, { adopted: record });
    await killLeader(identity);
    await workUntil(kept.tend, () => isGone(child));
  });

  it('when it ends just before it is stopped', async (t) => {
    const { record, identity, child } = await adoptable(t);
    const kept = instance(t, { adopted: record });
    await killLeader(identity);
    await kept.stop();
    await workUntil(
      () => {},
      () => isGone(child),
    );
  });

  it('but a group from before the machine was started is somebody else by now', async (t) => {
    const { record, identity, child } = await adoptable(t);
    await killLeader(identity);
    instance(t, { adopted: { ...record, identity: { ...identity, birth: 'earlier 1' } } });
    instance(t, { adopted: { ...record, identity: { ...identity, pid: child } } });
    await setTimeout(100);
    assert.ok(!isGone(child));
  });
});

describe('an adopted process', () => {
  it('takes traffic at once when it was healthy, and only then', async (t) => {
    let changes = 0;
    const kept = instance(t, { onChange: () => (changes += 1) });
    await workUntil(kept.tend, () => kept.record() !== null);
    const [starting, changesBefore] = [kept.record(), changes];
    await workUntil(kept.tend, () => kept.upstream() !== null);
    assert.equal(changes, changesBefore + 1, 'that it became healthy is written down');
    assert.equal(instance(t, { adopted: starting }).upstream(), null);
    assert.equal(instance(t, { adopted: kept.record() }).upstream()?.port, starting?.port);
  });

  it('that has stopped answering is soon found out', async (t) => {
    const { record } = await adoptable(t);
    const kept = instance(t, { adopted: { ...record, isUp: true } });
    assert.notEqual(kept.upstream(), null);
    await workUntil(kept.tend, () => kept.upstream() === null);
  });
});

describe('an instance', () => {
  it('whose log cannot be written has that as its trouble', async (t) => {
    const file = path.join(directory(t), 'file');
    writeFileSync(file, '');
    const kept = instance(t, { log: path.join(file, 'service.log') });
    await workUntil(kept.tend, () => kept.hasFailed());
    assert.match(kept.trouble() ?? '', /^cannot be started: no log can be kept for it: E/);
  });

  it('that ends whenever it has become healthy is started later and later', async (t) => {
    const flighty = service(
      '1.0.0',
      `require('http').createServer((_, answer) => answer.end(() => process.exit())).listen(process.env.PORT, '127.0.0.1')`,
    );
    const kept = instance(t, {
      release: flighty,
      starter: commandStarter(flighty.digest, flighty.artifact),
    });
    const pids = new Set<number | undefined>();
    let time = 0;
    await workUntil(
      () => {
        kept.tend((time += 20));
        pids.add(kept.record()?.identity.pid);
      },
      () => time >= 3_000,
    );
    pids.delete(undefined);
    assert.ok(pids.size > 1 && pids.size <= 5, `${pids.size} starts in three seconds`);
  });

  it('whose health cannot be asked for is not healthy', async (t) => {
    const health = { ...RUN.health, path: '/health z' };
    const kept = instance(t, { run: { ...RUN, health } });
    await workUntil(kept.tend, () => kept.record() !== null);
    await workUntil(kept.tend, () => kept.trouble() === 'does not answer well on /health z');
    for (let now = 1_000; now < 2_000; now += 100) {
      kept.tend(now);
      await new Promise(setImmediate);
    }
    assert.equal(kept.upstream(), null);
  });
});
