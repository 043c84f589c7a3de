import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigInput } from '../../src/config/config-schema.ts';
import { clock, eventually, project, versionOf } from './project.ts';

const isHolding = ({ phase }: { phase: { kind: string; stage?: string } }) =>
  phase.kind === 'progressing' && phase.stage === 'holding';

describe('canary deploy', { concurrency: false }, () => {
  it('takes a good release all the way, and loses no request', async (t) => {
    const shop = await project(t);
    assert.equal((await shop.canary('deploy', '--release', '1.0.0')).code, 0);
    const load = shop.load();
    const { code, stdout } = await shop.canary('deploy', '--release', '1.1.0', '--json');
    await load.stop();
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).verdict, 'promoted');
    assert.equal(await versionOf(shop.url), '1.1.0');
    const { total, failed, lost } = load.served();
    assert.ok(total > 200);
    assert.deepEqual({ failed, lost }, { failed: 0, lost: 0 });
  });

  it('rolls a failing release back, blocks it, and lets it in again when told', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    const load = shop.load();
    const { code, stdout } = await shop.canary('deploy', '--release', 'fails-1');
    assert.equal(code, 1);
    assert.match(stdout, /fails-1 was rolled back .*\n.*errors on web: the candidate fails more often/);
    await load.stop();
    assert.equal(load.served().lost, 0);
    assert.ok(load.served().failed < 15, `${load.served().failed} requests failed`);
    assert.equal(await versionOf(shop.url), '1.0.0');

    const again = await shop.canary('deploy', '--release', 'fails-1');
    assert.equal(again.code, 1);
    assert.match(again.stdout, /rejected .*\n.*canary unblock fails-1 --env dev/);
    assert.equal((await shop.canary('unblock', 'fails-1')).code, 0);
    assert.equal((await shop.canary('unblock', 'fails-1')).code, 4);
  });

  it('rolls a slow release back', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    shop.load();
    const { code, stdout } = await shop.canary('deploy', '--release', 'slow-400');
    assert.equal(code, 1);
    assert.match(stdout, /latency on web: the candidate('s 4\d\d ms| is slower than stable)/);
  });

  it('rolls back at once when all processes of a release die', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    const load = shop.load();
    const { code, stdout } = await shop.canary('deploy', '--release', 'dies-2');
    await load.stop();
    assert.equal(code, 1);
    assert.match(stdout, /the candidate is down on web|errors on web/);
    assert.equal(await versionOf(shop.url), '1.0.0');
  });

  it('gives no traffic to what does not start, and says what it said', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    const broken = await shop.canary('deploy', '--release', 'broken');
    assert.equal(broken.code, 1);
    assert.match(broken.stdout, /exited with code 3; it last said: config\.json is missing/);
    const missing = await shop.canary('deploy', '--release', 'missing');
    assert.match(missing.stdout, /no-such-program was not found/);
    assert.equal(await versionOf(shop.url), '1.0.0');
  });

  it('gives no traffic to what never gets healthy', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    const { code, stdout } = await shop.canary('deploy', '--release', 'sick');
    assert.equal(code, 1);
    assert.match(
      stdout,
      /is not healthy on web after .*0 of 2 instances are healthy, answers 503 on \/readyz/,
    );
  });

  it('asks a person when nobody uses the service, and goes home when nobody answers', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    const deploy = shop.start('deploy', '--release', '1.1.0');
    await shop.until(({ phase }) => phase.kind === 'held');
    assert.equal((await shop.canary('status')).code, 3);
    const { code, stdout } = await deploy.ended;
    assert.equal(code, 1);
    assert.match(stdout, /nobody decided/);
  });

  it('can leave a held rollout to a person, and take it up again', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    assert.equal((await shop.canary('deploy', '--release', '1.1.0', '--leave-when-held')).code, 3);
    await eventually(async () => (await versionOf(shop.url)) === '1.0.0');
    const promote = await shop.canary('promote', '--full');
    assert.match(promote.stdout, /No controller is running/);
    assert.equal((await shop.canary('deploy')).code, 0);
    assert.equal(await versionOf(shop.url), '1.1.0');
  });

  it('sends a preview to the candidate, and each user always to the same release', async (t) => {
    const shop = await project(t);
    shop.configure((config) => {
      const [environment] = config.environments;
      const [target] = environment?.targets ?? [];
      assert.ok(environment !== undefined && target !== undefined);
      const plan = { ...environment.plan, steps: [{ weight: 30, hold: '1h' }] };
      return {
        ...config,
        environments: [{ ...environment, plan, targets: [{ ...target, sticky: { cookie: 'user' } }] }],
      };
    });
    await shop.canary('deploy', '--release', '1.0.0');
    const deploy = shop.start('deploy', '--release', '1.1.0');
    await shop.until(isHolding);
    for (let count = 0; count < 10; count += 1) {
      assert.equal(await versionOf(shop.url, { 'x-canary': 'candidate' }), '1.1.0');
      assert.equal(await versionOf(shop.url, { 'x-canary': 'stable' }), '1.0.0');
    }
    const users = Array.from({ length: 200 }, (_, index) => `user=u${index}; theme=dark`);
    const ask = (cookie: string) => versionOf(shop.url, { cookie });
    const first = await Promise.all(users.map(ask));
    assert.deepEqual(await Promise.all(users.map(ask)), first);
    const share = first.filter((version) => version === '1.1.0').length / users.length;
    assert.ok(share > 0.2 && share < 0.4, `${share} of the users for a weight of 30 %`);
    await shop.canary('rollback');
    assert.equal((await deploy.ended).code, 1);
  });
});

describe('canary rollback', { concurrency: false }, () => {
  it('needs no argument and no controller, and loses no request', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    const load = shop.load();
    await shop.canary('deploy', '--release', '1.1.0');
    const elapsed = clock.stopwatch();
    const { code, stdout } = await shop.canary('rollback', '--note', 'wrong colour');
    assert.equal(code, 0);
    assert.match(stdout, /wrong colour/);
    assert.equal(await versionOf(shop.url), '1.0.0');
    await load.stop();
    const { failed, lost } = load.served();
    assert.deepEqual({ failed, lost }, { failed: 0, lost: 0 });
    assert.ok(elapsed() < 20_000);
  });

  it('interrupts a rollout that another process controls', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    shop.load();
    const deploy = shop.start('deploy', '--release', '1.1.0');
    await shop.until(isHolding);
    assert.equal((await shop.canary('rollback')).code, 0);
    assert.equal((await deploy.ended).code, 1);
    assert.equal(await versionOf(shop.url), '1.0.0');
  });

  it('starts the older release again when a later rollout has come in between', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    shop.load();
    await shop.canary('deploy', '--release', '1.1.0');
    assert.equal((await shop.canary('deploy', '--release', 'broken')).code, 1);
    const { code, stdout } = await shop.canary('rollback');
    assert.equal(code, 0, stdout);
    assert.equal(await versionOf(shop.url), '1.0.0');
    assert.match(
      (await shop.canary('status')).stdout,
      /blocked {2}1\.1\.0: it was replaced by the earlier release 1\.0\.0/,
    );
  });

  it('does not go back twice unless told so', async (t) => {
    const shop = await project(t);
    await shop.canary('deploy', '--release', '1.0.0');
    shop.load();
    await shop.canary('deploy', '--release', '1.1.0');
    await shop.canary('deploy', '--release', '1.2.0');
    assert.equal((await shop.canary('rollback')).code, 0);
    const again = await shop.canary('rollback');
    assert.equal(again.code, 4);
    assert.match(again.stderr, /1\.2\.0 is gone already: 1\.1\.0 is stable/);
    assert.equal(await versionOf(shop.url), '1.1.0');
    assert.equal((await shop.canary('rollback', '--further')).code, 0);
    assert.equal(await versionOf(shop.url), '1.0.0');
  });

  it('goes back from what was promoted, also when that was deployed once more since', async (t) => {
    const shop = await project(t);
    shop.configure(straightUp);
    await shop.canary('deploy', '--release', '1.0.0');
    await shop.canary('deploy', '--release', '1.1.0');
    const promoted = await shop.latest();
    const again = await shop.canary('deploy', '--release', '1.1.0');
    assert.match(again.stdout, /1\.1\.0 is stable already/);
    const stable = JSON.parse((await shop.canary('status', '--json')).stdout).stable;
    assert.equal(stable.rollout, promoted.id);
    const { code, stdout } = await shop.canary('rollback');
    assert.equal(code, 0, stdout);
    assert.equal(await versionOf(shop.url), '1.0.0');
  });

  it('goes further back, and never forward, when the old releases have to be started again', async (t) => {
    const shop = await project(t);
    shop.configure(straightUp);
    for (const release of ['1.0.0', '1.1.0', '1.2.0', '1.2.0']) {
      assert.equal((await shop.canary('deploy', '--release', release)).code, 0);
    }
    assert.equal((await shop.canary('rollback')).code, 0);
    assert.equal(await versionOf(shop.url), '1.1.0');
    assert.equal((await shop.canary('deploy', '--release', '1.2.0')).code, 1, 'it is blocked');
    assert.equal((await shop.canary('deploy', '--release', '1.1.0')).code, 0, 'it is stable already');
    assert.equal((await shop.canary('rollback')).code, 4);
    assert.equal((await shop.canary('rollback', '--further')).code, 0);
    assert.equal(await versionOf(shop.url), '1.0.0');
    const { code, stderr } = await shop.canary('rollback', '--further');
    assert.equal(code, 4);
    assert.match(stderr, /1\.0\.0 was the first release; there is no older one to go back to/);
  });

  it('says so when there is nothing to go back to', async (t) => {
    const shop = await project(t);
    assert.equal((await shop.canary('rollback')).code, 4);
    await shop.canary('deploy', '--release', '1.0.0');
    const { code, stderr } = await shop.canary('rollback');
    assert.equal(code, 4);
    assert.match(stderr, /no older release/);
  });
});

/** For tests of what comes after a promotion. */
function straightUp(config: ConfigInput): ConfigInput {
  const environments = config.environments.map((each) => ({ ...each, plan: { ...each.plan, steps: [] } }));
  return { ...config, environments };
}
