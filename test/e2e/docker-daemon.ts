import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './project.ts';

const exec = promisify(execFile);

/** A daemon of Docker's for the tests alone: its own socket, its own directories, and a bridge of its own. */
export interface DockerDaemon {
  readonly kind: 'usable';
  /** Where it is asked: `unix://` and a path. */
  readonly host: string;
  /** Stops it, and starts it again. */
  restart(): Promise<void>;
  /** Stops it, and leaves nothing of it. */
  close(): Promise<void>;
}

export interface NoDocker {
  readonly kind: 'unusable';
  readonly why: string;
}

/** Where images are: in the store that Docker has always had, or in that of containerd. */
export type DockerStore = 'classic' | 'containerd';

/** The first version whose daemon has containerd's store for everybody. */
const WITH_CONTAINERD = 25;
/** Directory that every daemon makes, wherever its own are. */
const PLUGINS = '/run/docker/plugins';
/** The containers' networks, in the range that is for tests of networks (RFC 2544). */
const NETWORKS: Readonly<Record<DockerStore, string>> = {
  classic: `198.18.${process.pid % 256}.1/24`,
  containerd: `198.19.${process.pid % 256}.1/24`,
};

/** Starts a daemon if there is one and it may be started. */
export async function startDocker(store: DockerStore): Promise<DockerDaemon | NoDocker> {
  const why = await obstacle(store);
  if (why !== null) return { kind: 'unusable', why };
  const directory = await mkdtemp(path.join(os.tmpdir(), 'canary-docker-'));
  const hadPlugins = existsSync(PLUGINS);
  const bridge = `canary${path.basename(directory).slice(-6)}`;
  const host = `unix://${path.join(directory, 'socket')}`;
  let daemon: Awaited<ReturnType<typeof launch>> | null = null;

  async function close(): Promise<void> {
    await daemon?.stop();
    await exec('ip', ['link', 'delete', bridge]).catch(() => {});
    await rm(directory, { recursive: true, force: true });
    if (!hadPlugins)
      await exec('rmdir', ['--parents', '--ignore-fail-on-non-empty', PLUGINS]).catch(() => {});
  }

  try {
    await exec('ip', ['link', 'add', 'name', bridge, 'type', 'bridge']);
    await exec('ip', ['address', 'add', NETWORKS[store], 'dev', bridge]);
    await exec('ip', ['link', 'set', bridge, 'up']);
    daemon = await launch({ directory, bridge, host, store });
  } catch (error) {
    await close();
    return { kind: 'unusable', why: `dockerd does not run here: ${String(error).slice(-500)}` };
  }
  return {
    kind: 'usable',
    host,
    async restart() {
      await daemon?.stop();
      daemon = await launch({ directory, bridge, host, store });
    },
    close,
  };
}

async function obstacle(store: DockerStore): Promise<string | null> {
  if (process.platform !== 'linux') return 'containers are for Linux';
  if (process.getuid?.() !== 0) return 'only root may start dockerd';
  try {
    await exec('docker', ['--version']);
    const said = (await exec('dockerd', ['--version'])).stdout.trim();
    const major = Number(/version (\d+)\./.exec(said)?.[1]);
    if (store === 'classic' || major >= WITH_CONTAINERD) return null;
    return `containerd's store comes with Docker ${WITH_CONTAINERD}; here is ${said}`;
  } catch {
    return 'docker and dockerd missing: scripts/interop-tools.sh installs what these tests need';
  }
}

interface LaunchOptions {
  readonly directory: string;
  readonly bridge: string;
  readonly host: string;
  readonly store: DockerStore;
}

/** Starts a daemon that leaves the machine's packet filter and its forwarding alone. */
async function launch({ directory, bridge, host, store }: LaunchOptions) {
  const inside = (name: string) => path.join(directory, name);
  const features = { 'containerd-snapshotter': store === 'containerd' };
  await writeFile(inside('daemon.json'), JSON.stringify({ features }));
  const words = [
    `--config-file=${inside('daemon.json')}`,
    `--host=${host}`,
    `--pidfile=${inside('pid')}`,
    `--data-root=${inside('data')}`,
    `--exec-root=${inside('exec')}`,
    `--bridge=${bridge}`,
    '--iptables=false',
    '--ip6tables=false',
    '--ip-forward=false',
    '--log-level=warn',
  ];
  const child = spawn('dockerd', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  let hasEnded = false;
  child.once('exit', () => {
    hasEnded = true;
  });
  child.once('error', () => {
    hasEnded = true;
  });

  async function stop(): Promise<void> {
    child.kill('SIGTERM');
    await eventually(() => hasEnded).catch(() => child.kill('SIGKILL'));
  }

  try {
    await eventually(async () => {
      if (hasEnded) return true;
      return exec('docker', ['--host', host, 'version']).then(
        () => true,
        () => false,
      );
    });
    if (hasEnded) throw new Error(said);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}
