import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { sayEntry } from '../../src/core/journal.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import { firstBroken } from '../../src/stores/chain.ts';
import { clock, eventually, project, type Project, versionOf } from './project.ts';

const isHolding = ({ phase }: Rollout) => phase.kind === 'progressing' && phase.stage === 'holding';

const proxyState = z.object({
  kept: z.array(
    z.object({ instances: z.array(z.object({ identity: z.object({ pid: z.number() }) }).nullable()) }),
  ),
});

/** The pids of all processes of the service that the proxy keeps. */
function servicePids({ directory }: Project): readonly number[] {
  const file = path.join(directory, '.canary/local/shop-dev-web/proxy.json');
  const { kept } = proxyState.parse(JSON.parse(readFileSync(file, 'utf8')));
  return kept.flatMap(({ instances }) => instances.flatMap((instance) => instance?.identity.pid ?? []));
}

/** The pid of the proxy of the project; null while there is none. */
function proxyPid({ directory }: Project): number | null {
  const { stdout } = spawnSync('pgrep', ['-f', `proxy/main.*${directory}/`], { encoding: 'utf8' });
  return stdout === '' ? null : Number.parseInt(stdout, 10);
}

/** Signals the process, which must be there: pid 0 would mean the whole group that the test itself belongs to. */
function send(signal: NodeJS.Signals, pid: number | null | undefined): void {
  assert.ok(typeof pid === 'number' && pid > 0, 'there is no such process');
  process.kill(pid, signal);
}

/** Gives all steps of the project this hold. */
function hold(shop: Project, time: string): void {
  shop.configure((config) => ({
    ...config,
    environments: config.environments.map((each) => ({
      ...each,
      plan: {
        ...each.plan,
        steps: [
          { weight: 10, hold: time },
          { weight: 50, hold: time },
        ],
      },
    })),
  }));
}

describe('bad luck', { concurrency: false }, () => {
  it('kills the controller again and again: no request is lost, and the journal explains the end', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    const load = shop.load();
    const random = seededRandom(7);
    for (let kills = 0; kills < 8; kills += 1) {
      const deploy = shop.start('deploy', '--release', '1.1.0');
      await Promise.race([clock.wait(200 + random.below(1_500)), deploy.ended]);
      deploy.kill('SIGKILL');
      await deploy.ended;
    }
    await shop.canary('deploy', '--release', '1.1.0');
    await load.stop();
    const rollouts = await shop.store.list({});
    assert.ok(rollouts.some(({ phase }) => phase.kind === 'ended' && phase.verdict.kind === 'promoted'));
    for (const { id } of rollouts) {
      assert.equal(firstBroken(await shop.store.journal(id), await shop.store.journalHead(id)), null);
    }
    const { failed, lost } = load.served();
    assert.deepEqual({ failed, lost }, { failed: 0, lost: 0 });
    assert.equal(await versionOf(shop.url), '1.1.0');
  });

  it('leaves no controller: traffic goes home in time, and is taken up where the journal says', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    hold(shop, '4s');
    const load = shop.load();
    const deploy = shop.start('deploy', '--release', '1.1.0');
    await shop.until(isHolding);
    await clock.wait(500);
    deploy.kill('SIGKILL');
    const elapsed = clock.stopwatch();
    await eventually(() => weightOf(shop) === 0);
    assert.ok(elapsed() < 2_500, `home after ${elapsed()} ms, with a guard of 2 s`);
    const { stdout: status } = await shop.canary('status');
    assert.match(status, /No controller is running, and all traffic is at stable/);
    assert.match(status, /web {2}░+ {4}0 %/, 'the picture shows what is, not what was wished');
    assert.equal((await shop.canary('deploy')).code, 0);
    const entries = (await shop.store.journal('shop-dev-2')).map(({ entry }) => sayEntry(entry));
    assert.ok(entries.some((entry) => entry.startsWith('the guard took web home')));
    assert.ok(entries.some((entry) => entry.startsWith('holding at 10 % → moving at 10 %')));
    await load.stop();
    assert.equal(load.served().lost, 0);
  });

  it('kills the proxy: it is started again, and keeps the processes and the split', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    hold(shop, '4s');
    shop.load();
    const deploy = shop.start('deploy', '--release', '1.1.0');
    await shop.until(isHolding);
    const [proxy, pids] = [proxyPid(shop), servicePids(shop)];
    assert.equal(pids.length, 4);
    send('SIGKILL', proxy);
    await eventually(() => ![null, proxy].includes(proxyPid(shop)));
    assert.deepEqual(servicePids(shop), pids);
    assert.equal((await deploy.ended).code, 0);
    assert.equal(await versionOf(shop.url), '1.1.0');
  });

  it('kills a process of the service: another one takes its place, and users notice nothing', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    const load = shop.load();
    const pids = servicePids(shop);
    send('SIGKILL', pids[0]);
    await eventually(() => servicePids(shop).length === 2 && !servicePids(shop).includes(pids[0] ?? 0));
    await clock.wait(500);
    await load.stop();
    // What was inside the process when it died cannot be saved; nothing else may be lost.
    assert.ok(load.served().failed + load.served().lost <= 2);
  });

  it('starts a second controller: it follows the first, and takes over when that is killed', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    hold(shop, '4s');
    shop.load();
    const first = shop.start('deploy', '--release', '1.1.0');
    await shop.until(isHolding);
    const second = shop.start('deploy', '--release', '1.1.0');
    await clock.wait(500);
    first.kill('SIGKILL');
    assert.equal((await second.ended).code, 0);
    assert.match((await second.ended).stdout, /(Joining|Taking up) shop-dev-2/);
  });

  it('deploys something else meanwhile: it is refused, or takes its place when told to', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    hold(shop, '4s');
    shop.load();
    const first = shop.start('deploy', '--release', '1.1.0');
    await shop.until(isHolding);
    const refused = await shop.canary('deploy', '--release', '1.2.0');
    assert.equal(refused.code, 4);
    assert.match(refused.stderr, /shop-dev-2 is under way with 1\.1\.0.*--supersede/);
    const second = await shop.canary('deploy', '--release', '1.2.0', '--supersede');
    assert.equal((await first.ended).code, 1);
    assert.equal(second.code, 0);
    assert.equal(await versionOf(shop.url), '1.2.0');
  });

  it('interrupts once: traffic goes home, and the release is not blocked', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    hold(shop, '4s');
    shop.load();
    const deploy = shop.start('deploy', '--release', '1.1.0');
    await shop.until(isHolding);
    deploy.kill('SIGINT');
    const { code, stdout } = await deploy.ended;
    assert.equal(code, 1);
    assert.match(stdout, /1\.1\.0 was aborted.*\n.*asked to abort: interrupted/);
    assert.equal(weightOf(shop), 0);
    assert.deepEqual(await shop.store.blocks('shop', 'dev'), []);
  });

  it('interrupts twice: it leaves at once, the guard goes home, and the rollout can be taken up', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    hold(shop, '4s');
    shop.load();
    const deploy = shop.start('deploy', '--release', '1.1.0');
    await shop.until(isHolding);
    send('SIGSTOP', proxyPid(shop));
    t.after(() => spawnSync('pkill', ['-CONT', '-f', shop.directory]));
    deploy.kill('SIGINT');
    await clock.wait(300);
    deploy.kill('SIGINT');
    assert.equal((await deploy.ended).code, 130);
    send('SIGCONT', proxyPid(shop));
    await eventually(() => weightOf(shop) === 0);
    assert.equal((await shop.canary('deploy')).code, 1);
    assert.equal((await shop.latest()).phase.kind, 'ended');
  });

  it('has somebody else on the port', async (t) => {
    const shop = await project(t);
    const other = createServer((_, response) => response.end('me'))
      .listen(shop.port, '127.0.0.1')
      .unref();
    t.after(() => other.close());
    const { code, stderr } = await shop.canary('deploy', '--release', '1.0.0');
    assert.equal(code, 4);
    assert.match(
      stderr,
      new RegExp(`web: 127\\.0\\.0\\.1:${shop.port} is taken by another program; stop it, or`),
    );
    assert.deepEqual(await shop.store.list({}), [], 'nothing was begun');
    assert.equal(await (await fetch(shop.url)).text(), 'me');
  });

  it('changes the configuration in the middle: the rollout keeps its plan', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    hold(shop, '2s');
    shop.load();
    const deploy = shop.start('deploy', '--release', '1.1.0');
    await shop.until(isHolding);
    hold(shop, '1h');
    deploy.kill('SIGKILL');
    await deploy.ended;
    const resumed = await shop.canary('deploy', '--release', '1.1.0');
    assert.equal(resumed.code, 0);
    assert.match(resumed.stdout, /It keeps the plan that it began with/);
  });

  it('writes the configuration wrong: nothing is done, and all is said at once', async (t) => {
    const shop = await project(t);
    writeFileSync(
      shop.configFile,
      '{"service": "Shop", "environments": [{"name": "dev", "targets": [{"kind": "lamda"}]}], "x": 1}',
    );
    const { code, stderr } = await shop.canary('deploy', '--release', '1.0.0');
    assert.equal(code, 2);
    assert.match(stderr, /canary\.config\.json has 3 problems:/);
    assert.deepEqual(await shop.store.list({}), []);
    writeFileSync(
      shop.configFile,
      JSON.stringify({
        service: 'shop',
        run: { command: 'x' },
        environments: [{ name: 'dev', targets: [{ kind: 'local', name: 'web', listen: shop.port }] }],
      }),
    );
  });

  it('has a controller that is frozen: an order to go back is not said to be done', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    shop.load();
    await shop.canary('deploy', '--release', '1.1.0');
    hold(shop, '60s');
    const other = shop.start('deploy', '--release', '1.2.0');
    await shop.until(isHolding);
    t.after(() => other.kill('SIGKILL'));
    await eventually(() => isFrozenIdle(shop, other.pid));
    const { code, stderr } = await shop.canary('rollback');
    assert.equal(code, 5);
    assert.match(stderr, /Written down for shop-dev-3.*process \d+\) runs, but does not respond/);
    assert.match((await shop.canary('status')).stdout, /Nobody has looked for/);
    process.kill(other.pid, 'SIGCONT');
    assert.equal((await other.ended).code, 1);
    assert.equal(await versionOf(shop.url), '1.1.0');
  });

  it('loses its state: the next rollout goes on from what the targets know', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    for (const file of ['state.db', 'state.db-wal', 'state.db-shm']) {
      rmSync(path.join(shop.directory, '.canary', file), { force: true });
    }
    shop.load();
    const { code, stdout } = await shop.canary('deploy', '--release', '1.1.0');
    assert.equal(code, 0);
    assert.match(stdout, /its history was lost/);
  });

  it('has a state directory that is no directory', async (t) => {
    const shop = await project(t);
    shop.configure((config) => ({ ...config, state: 'state' }));
    writeFileSync(path.join(shop.directory, 'state'), '');
    const { code, stderr } = await shop.canary('deploy', '--release', '1.0.0');
    assert.equal(code, 2);
    assert.match(stderr, /is a file, and `state` must name a directory/);
    assert.doesNotMatch(stderr, /at .*\.ts:\d+/);
    shop.configure((config) => ({ ...config, state: '.canary' }));
  });

  it('runs out of disk: it says so, changes nothing, and traffic goes home', async (t) => {
    const shop = await project(t);
    const disk = mkdtempSync(path.join(os.tmpdir(), 'canary-disk-'));
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'canary-test', disk]).status !== 0) {
      return t.skip('no small disk can be mounted without being root');
    }
    t.after(() => spawnSync('umount', ['-l', disk]));
    shop.configure((config) => ({ ...config, state: path.join(disk, 'state') }));
    hold(shop, '30s');
    await shop.canary('deploy', '--release', '1.0.0');
    const load = shop.load();
    const deploy = shop.start('deploy', '--release', '1.1.0');
    await eventually(async () => (await versionsOf(shop.url)).size === 2);
    fill(path.join(disk, 'filler'));
    await eventually(async () => (await versionsOf(shop.url)).size === 1);
    deploy.kill('SIGKILL');
    const { stderr } = await deploy.ended;
    assert.match(stderr, /cannot grow: the disk is full/);
    assert.equal(await versionOf(shop.url), '1.0.0');
    assert.equal(load.served().lost, 0);

    rmSync(path.join(disk, 'filler'));
    assert.equal((await shop.canary('rollback')).code, 0);
  });
});

/** The versions that a hundred requests get to see. */
async function versionsOf(url: string): Promise<ReadonlySet<string | null>> {
  return new Set(await Promise.all(Array.from({ length: 100 }, () => versionOf(url))));
}

/** The candidate's weight, as the proxy wrote it down. */
function weightOf({ directory }: Project): number {
  const file = path.join(directory, '.canary/local/shop-dev-web/proxy.json');
  const parsed = z.object({ traffic: z.object({ weight: z.number() }) }).safeParse(readJson(file));
  return parsed.success ? parsed.data.traffic.weight : -1;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

function fill(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(8 * 1024 * 1024));
  } catch {
    // The disk is full now.
  }
}

/** Freezes a process, unless it is just writing, for then nobody else can: that is another story. */
function isFrozenIdle(shop: Project, pid: number): boolean {
  process.kill(pid, 'SIGSTOP');
  const database = new DatabaseSync(path.join(shop.directory, '.canary', 'state.db'), { timeout: 0 });
  try {
    database.exec('begin immediate; rollback');
    return true;
  } catch {
    process.kill(pid, 'SIGCONT');
    return false;
  } finally {
    database.close();
  }
}
