import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { z } from 'zod';
import { home } from '../../src/core/traffic.ts';
import { inspectImage } from '../../src/supply-chain/image/inspect-image.ts';
import { copyImage } from '../../src/supply-chain/layout/copy-image.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import { type Digest, parseDigest } from '../../src/supply-chain/oci/digest.ts';
import { repositoryDirectory } from '../../src/supply-chain/registry/server/repository-directory.ts';
import { controlClient } from '../../src/targets/local/control-client.ts';
import { localSite } from '../../src/targets/local/local-site.ts';
import { startLocal, stopLocal } from '../../src/targets/local/operations.ts';
import { proxyPaths } from '../../src/targets/local/paths.ts';
import { targetOf } from '../../src/targets/local/proxy/container/command-lines.ts';
import { removeContainers } from '../../src/targets/local/proxy/container/engine.ts';
import { readState } from '../../src/targets/local/proxy/control/state-file.ts';
import type { LocalSettings } from '../../src/targets/local/settings.ts';
import { type ImageRelease, type ImageSource } from '../../src/targets/local/unpacked.ts';
import type { ContainerGround } from './container-ground.ts';
import type { ContainerImages } from './container-images.ts';
import { clock, eventually, freePort, project } from './project.ts';

const SIGNAL = new AbortController().signal;

const told = z.object({
  status: z.string(),
  writes: z.array(z.boolean()),
  env: z.record(z.string(), z.string()),
});

/** What a service says of itself. */
async function visit(url: string): Promise<z.infer<typeof told>> {
  return told.parse(await (await fetch(url, { headers: { connection: 'close' } })).json());
}

/** The line of `/proc/self/status` with that name. */
function line(status: string, name: string): readonly string[] {
  const found = status.split('\n').find((text) => text.startsWith(`${name}:`));
  return found?.split(/\s+/).slice(1) ?? [];
}

function releaseOf(name: string, digest: Digest): ImageRelease {
  return {
    name,
    digest,
    artifact: { kind: 'image', repository: 'registry/app', env: { GREETING: 'hello' } },
  };
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

export interface ContainerSuite {
  /** Whose containers: `of podman`. */
  readonly what: string;
  readonly images: ContainerImages;
  readonly ground: ContainerGround;
}

/** What is promised of releases in containers, by whichever engine. */
export function containerSuite({ what, images, ground }: ContainerSuite): void {
  function settingsOf(directory: string, port: number): LocalSettings {
    return {
      directory,
      proxy: {
        listen: { host: '127.0.0.1', port },
        sticky: null,
        preview: { header: 'x-canary' },
        responseTimeout: 5_000,
      },
      run: {
        processes: 1,
        place: ground.settings,
        health: { path: '/readyz', interval: 100, timeout: 1_000, failures: 3 },
        drain: 500,
        stop: 5_000,
      },
    };
  }

  /** Has each release's image, or another one in its place. */
  function imagesBy(imageOf: (digest: Digest) => Digest = (digest) => digest): ImageSource {
    return {
      unpack: () => assert.fail('nothing here runs processes'),
      store: ({ digest }, directory, signal) =>
        images.store(imageOf(parseDigest(digest)), directory, parseDigest(digest), signal),
    };
  }

  /** A target of its own, with nothing deployed. */
  async function rig(t: TestContext, source: ImageSource = imagesBy()) {
    // Capitals, as podman makes names of directories, and names have none.
    const directory = mkdtempSync(path.join(os.tmpdir(), 'Canary-Target-'));
    const port = await freePort();
    const settings = settingsOf(directory, port);
    const site = localSite(settings, clock, source);
    const { ask } = ground;
    const label = `label=canary.target=${targetOf(directory)}`;
    const containers = async () => words(await ask('ps', '--all', '--quiet', '--filter', label));
    const inspect = async (format: string) => {
      const [container = ''] = await containers();
      const said = await ask('inspect', '--type=container', `--format=${format}`, container);
      // Docker's names are paths.
      return said.replace(/^\//, '');
    };
    t.after(async () => {
      await stopLocal(settings);
      assert.deepEqual(await containers(), []);
      assert.doesNotMatch(await ask('images'), new RegExp(targetOf(directory)));
      rmSync(directory, { recursive: true, force: true });
    });
    let revision = 0;
    const fence = () => ({ sequence: 1, revision: (revision += 1) });
    const find = async ({ digest }: ImageRelease) =>
      (await site.target.observe(SIGNAL)).running.find(({ release }) => release.digest === digest);
    return {
      settings,
      site,
      containers,
      inspect,
      find,
      url: `http://127.0.0.1:${port}/`,
      client: controlClient(proxyPaths(directory).socket),
      prepare: (release: ImageRelease) => site.target.prepare(release, fence(), SIGNAL),
      async up(release: ImageRelease) {
        await site.target.prepare(release, fence(), SIGNAL);
        await eventually(async () => (await find(release))?.healthy === 1);
        await site.target.apply(home(release), fence(), SIGNAL);
      },
    };
  }

  describe(`a release that runs in a container ${what}`, { concurrency: false }, () => {
    it('cannot write its files, has no capabilities and cannot get any, and is not root', async (t) => {
      const digest = await images.build('1.0.0');
      const { up, url, find } = await rig(t);
      await up(releaseOf('1.0.0', digest));
      const { status, writes, env } = await visit(url);
      assert.deepEqual(writes, [true, false, false]);
      assert.deepEqual(
        [line(status, 'Uid'), line(status, 'Gid')],
        [Array(4).fill('65532'), Array(4).fill('65532')],
      );
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
        assert.deepEqual(line(status, set), ['0000000000000000'], set);
      assert.deepEqual(line(status, 'NoNewPrivs'), ['1']);
      const { PORT, ...others } = env;
      assert.match(PORT ?? '', /^\d+$/);
      assert.deepEqual(others, { CANARY_DIGEST: digest, GREETING: 'hello', HOST: '0.0.0.0' });
      assert.equal((await find(releaseOf('1.0.0', digest)))?.digest, digest);
    });

    it('is started again when its program, its client or its monitor is killed, and leaves nothing behind', async (t) => {
      const release = releaseOf('1.0.0', await images.build('1.0.0'));
      const { settings, up, url, containers, inspect, client } = await rig(t);
      await up(release);
      const program = async () => Number(await inspect('{{.State.Pid}}'));
      const monitor = async () => parentOf(await program());
      const runner = async () => runnerOf(settings);
      for (const victims of [[program], [runner], [monitor, program]]) {
        const before = await containers();
        const pids = await Promise.all(victims.map((victim) => victim()));
        for (const pid of pids) process.kill(pid, 'SIGKILL');
        await eventually(async () => {
          const now = await containers();
          const ports = (await client.reading()).running[0]?.ports ?? [];
          return now.length === 1 && now[0] !== before[0] && ports.length === 1;
        });
        assert.equal((await visit(url)).env['CANARY_DIGEST'], release.digest);
      }
    });

    it('goes on when the proxy is killed, and is taken over by the next one', async (t) => {
      const release = releaseOf('1.0.0', await images.build('1.0.0'));
      const { settings, up, url, containers, find, client } = await rig(t);
      await up(release);
      const before = await containers();
      process.kill((await client.reading()).pid, 'SIGKILL');
      await eventually(async () => (await find(release))?.healthy === 1);
      assert.deepEqual(await containers(), before);
      assert.equal((await visit(url)).env['CANARY_DIGEST'], release.digest);
      assert.equal((await startLocal('here', settings, clock)).stable, '1.0.0');
    });

    it('is replaced when proxy and client were killed, and so is one that nothing was written down of', async (t) => {
      const release = releaseOf('1.0.0', await images.build('1.0.0'));
      const { settings, up, containers, inspect, find, client } = await rig(t);
      await up(release);
      const before = await containers();
      process.kill((await client.reading()).pid, 'SIGKILL');
      process.kill(runnerOf(settings), 'SIGKILL');
      const { options } = ground.settings;
      const stranger = ['--detach', '--label', `canary.target=${targetOf(settings.directory)}`];
      const image = await inspect('{{.Image}}');
      await ground.ask('run', ...options, ...stranger, '--env', 'PORT=80', image);
      assert.equal((await containers()).length, 2);
      await eventually(async () => (await find(release))?.healthy === 1 && (await containers()).length === 1);
      assert.notDeepEqual(await containers(), before);
    });

    it('is stopped with the target, and started again with it', async (t) => {
      const release = releaseOf('1.0.0', await images.build('1.0.0'));
      const { settings, up, url, containers } = await rig(t);
      await up(release);
      await stopLocal(settings);
      assert.deepEqual(await containers(), []);
      const { stable, trouble } = await startLocal('here', settings, clock);
      assert.deepEqual([stable, trouble], ['1.0.0', null]);
      assert.equal((await visit(url)).env['CANARY_DIGEST'], release.digest);
    });

    it('is started again with its target also when its layout was removed', async (t) => {
      const release = releaseOf('1.0.0', await images.build('1.0.0'));
      const source = imagesBy();
      const { settings, up, url } = await rig(t, source);
      await up(release);
      await stopLocal(settings);
      rmSync(proxyPaths(settings.directory).layouts, { recursive: true });
      const { stable, trouble } = await startLocal('here', settings, clock, source);
      assert.deepEqual([stable, trouble], ['1.0.0', null]);
      assert.equal((await visit(url)).env['CANARY_DIGEST'], release.digest);
    });

    it('takes no traffic when it is another image, and is read back as that', async (t) => {
      const [asked, other] = [await images.build('1.0.0'), await images.build('6.6.6', { EVIL: 'yes' })];
      const release = releaseOf('1.0.0', asked);
      const { prepare, find } = await rig(
        t,
        imagesBy(() => other),
      );
      await prepare(release);
      await eventually(async () => (await find(release))?.digest === other);
      const running = await find(release);
      assert.equal(running?.healthy, 0);
      assert.match(running?.trouble ?? '', new RegExp(`it is ${other} and not ${asked}`));
    });

    it('is read back as another image when its container is exchanged', async (t) => {
      const [asked, other] = [await images.build('1.0.0'), await images.build('6.6.6', { EVIL: 'yes' })];
      const [release, evil] = [releaseOf('1.0.0', asked), releaseOf('6.6.6', other)];
      const { settings, up, prepare, find, inspect, containers, client } = await rig(t);
      await up(release);
      const [name, mine] = [await inspect('{{.Name}}'), await containers()];
      await prepare(evil);
      await eventually(async () => (await find(evil))?.healthy === 1);
      const [stranger = ''] = (await containers()).filter((id) => !mine.includes(id));
      const theirs = (await ground.ask('inspect', '--format={{.Name}}', stranger)).replace(/^\//, '');
      const seen = ground.strange(other, await ground.ask('inspect', '--format={{.Image}}', stranger));
      // Whoever looks between the two would find none, and start another one.
      const { pid } = await client.reading();
      process.kill(pid, 'SIGSTOP');
      try {
        await ground.ask('rename', name, `${name}-aside`);
        await ground.ask('rename', theirs, name);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await eventually(async () => (await find(release))?.digest === seen);
      const berth = { settings: ground.settings, target: targetOf(settings.directory) };
      await removeContainers(berth, [name, theirs, `${name}-aside`]);
    });

    it('may be the same as another one but for its annotations', async (t) => {
      const releases = [];
      for (const name of ['1.0.0', '1.0.1']) releases.push(releaseOf(name, await images.build(name)));
      const { up, find, url } = await rig(t);
      for (const release of releases) {
        await up(release);
        assert.equal((await visit(url)).env['CANARY_DIGEST'], release.digest);
      }
      for (const release of releases) assert.equal((await find(release))?.digest, release.digest);
    });

    it('is rolled out when it is good and rolled back when it is not, by the command line', async (t) => {
      const shop = await project(t);
      const { base, repository, service } = images;
      const { settings } = ground;
      const registry = path.join(shop.directory, '.canary', 'registry');
      const store = layoutRepository('registry/base', repositoryDirectory(registry, 'base'));
      await copyImage(repository, store, base);
      shop.configure((config) => ({
        ...config,
        // What the image must bring is not what this is about.
        supplyChain: { require: { signature: false, sbom: false, scan: false } },
        environments: config.environments.map((environment) => ({
          ...environment,
          plan: { ...environment.plan, limits: { ...environment.plan?.limits, prepare: '60s' } },
          targets: environment.targets.map((target) => ({
            ...target,
            processes: 1,
            run: {
              in: 'container',
              engine: settings.engine,
              globalOptions: [...settings.globalOptions],
              options: [...settings.options],
            },
          })),
        })),
      }));
      const build = async (...args: readonly string[]) => {
        const built = await shop.canary(
          'build',
          service,
          '--base',
          `registry/base@${base}`,
          '--json',
          ...args,
        );
        assert.equal(built.code, 0, built.stderr);
        return z.object({ image: z.string() }).parse(JSON.parse(built.stdout)).image;
      };
      const good = await build('--release', '1.0.0');
      const bad = await build('--release', '2.0.0', '--set-env', 'BROKEN=yes');
      const first = await shop.canary('deploy', '--image', good);
      assert.equal(first.code, 0, first.stderr + first.stdout);
      shop.load();
      const second = await shop.canary('deploy', '--image', bad);
      assert.notEqual(second.code, 0);
      const { phase } = await shop.latest();
      assert.equal(phase.kind === 'ended' && phase.verdict.kind, 'rolled back');
      const target = targetOf(path.join(shop.directory, '.canary/local/shop-dev-web'));
      const label = `label=canary.target=${target}`;
      const names = async () =>
        words(await ground.ask('ps', '--all', '--format={{.Names}}', '--filter', label));
      await eventually(async () => (await names()).length === 1);
      assert.match((await names())[0] ?? '', new RegExp(good.slice(-64, -52)));
      const down = await shop.canary('down');
      assert.equal(down.code, 0, down.stderr);
      assert.deepEqual(await names(), []);
    });

    it('is not started when a part of its image was changed after it was stored', async (t) => {
      // Parts that the engine has already are not read again.
      const part = path.join(images.service, 'part');
      writeFileSync(part, randomUUID());
      t.after(() => rmSync(part));
      const release = releaseOf('1.0.0', await images.build('1.0.0'));
      const source = imagesBy();
      const { prepare, find } = await rig(t, {
        ...source,
        async store(...wanted) {
          const stored = await source.store(...wanted);
          const { manifest } = await inspectImage(images.repository, parseDigest(stored.image), null);
          const fileOf = (digest = '') => path.join(stored.directory, 'blobs', digest.replace(':', '/'));
          copyFileSync(fileOf(manifest.layers[0]?.digest), fileOf(manifest.layers.at(-1)?.digest));
          return stored;
        },
      });
      await prepare(release);
      await eventually(async () => (await find(release))?.failed === true);
      const running = await find(release);
      assert.equal(running?.healthy, 0);
      assert.match(running?.trouble ?? '', /cannot be started|exited with code 125/);
    });

    const { restart } = ground;
    if (restart !== null)
      it('comes back with its daemon', async (t) => {
        const release = releaseOf('1.0.0', await images.build('1.0.0'));
        const { up, url, containers, find } = await rig(t);
        await up(release);
        const before = await containers();
        await restart();
        await eventually(async () => (await find(release))?.healthy === 1);
        assert.notDeepEqual(await containers(), before);
        assert.equal((await visit(url)).env['CANARY_DIGEST'], release.digest);
      });
  });
}

/** The engine's client that keeps the target's container in the foreground. */
function runnerOf({ directory }: LocalSettings): number {
  const { kept } = readState(proxyPaths(directory).state);
  return kept[0]?.instances[0]?.identity.pid ?? assert.fail('nothing runs');
}

/** The process that started that one, and hears when it ends. */
function parentOf(pid: number): number {
  return Number(line(readFileSync(`/proc/${pid}/status`, 'utf8'), 'PPid')[0]);
}
