import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const PODINFO = fileURLToPath(new URL('../../podinfo', import.meta.url));

interface Source {
  readonly changed: readonly string[];
  readonly repository: string | null;
}

interface Built {
  readonly ingredients: { readonly source: Source | null };
  readonly image: string;
  readonly digest: string;
  readonly tag: string | null;
  readonly platform: string;
  readonly layers: readonly { readonly kind: string }[];
}

function directory(test: TestContext): string {
  const made = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'canary-e2e-image-')));
  test.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function canary(cwd: string, ...args: readonly string[]) {
  const env = { ...process.env, SOURCE_DATE_EPOCH: '86400' };
  return spawnSync(process.execPath, [CLI, 'build', ...args], { cwd, env, encoding: 'utf8' });
}

function build(cwd: string, ...args: readonly string[]): Built {
  const { status, stdout, stderr } = canary(cwd, ...args, '--json');
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

describe('canary build', () => {
  it('puts a service into the built-in registry, and prints by what it is deployed', (t) => {
    const here = directory(t);
    const { status, stdout } = canary(here, PODINFO, '--release', '1.2.3');
    assert.equal(status, 0);
    const last = stdout.trim().split('\n').at(-1) ?? '';
    assert.match(last, /^registry\/podinfo@sha256:[0-9a-f]{64}$/);
    const again = build(here, PODINFO, '--release', '1.2.3');
    assert.equal(again.image, last, 'the same files give the same digest');
    assert.equal(again.tag, '1.2.3');
    assert.deepEqual(readdirSync(path.join(here, '.canary/building')), []);
    const now = build(here, PODINFO, '--release', '1.2.3', '--source-date-epoch', '1');
    assert.notEqual(now.digest, again.digest);
  });

  it('tells of which commit it was built, and what was changed since', { skip: !has('git') }, (t) => {
    const here = directory(t);
    const service = path.join(here, 'service');
    cpSync(PODINFO, service, { recursive: true });
    const git = (...args: readonly string[]) => {
      const who = ['-c', 'user.name=ann', '-c', 'user.email=ann@example.com'];
      assert.equal(spawnSync('git', [...who, ...args], { cwd: service }).status, 0);
    };
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '--no-gpg-sign', '--message', 'first');
    const address = 'https://example.com/acme/podinfo';
    const clean = build(here, service, '--source', address);
    assert.deepEqual(clean.ingredients.source?.changed, []);
    assert.equal(clean.ingredients.source?.repository, address);
    writeFileSync(path.join(service, 'src/new.js'), '');
    const { stdout } = canary(here, service, '--source', address);
    assert.match(stdout, /Source: changed since commit [0-9a-f]{12} of https:.*: 1 file \(src\/new\.js\)\./);
  });

  it('goes by the configuration, and by --push before it', (t) => {
    const here = directory(t);
    const target = { kind: 'local', name: 'web', listen: 8080 };
    const config = {
      service: 'shop',
      run: { command: ['node'] },
      state: 'kept',
      environments: [{ name: 'dev', targets: [target] }],
    };
    writeFileSync(path.join(here, 'canary.config.json'), JSON.stringify(config));
    assert.match(build(here, PODINFO).image, /^registry\/shop@/);
    assert.deepEqual(readdirSync(path.join(here, 'kept/registry')), ['shop']);
    const pushed = build(here, PODINFO, '--push', 'registry/other/name:new', '--platform', 'linux/arm64');
    assert.match(pushed.image, /^registry\/other\/name@/);
    assert.deepEqual([pushed.tag, pushed.platform], ['new', 'linux/arm64']);
  });

  it('builds onto an image that it has built', (t) => {
    const here = directory(t);
    const base = build(here, PODINFO);
    const { layers } = build(here, PODINFO, '--base', base.image, '--push', 'registry/upon');
    assert.deepEqual(
      layers.map(({ kind }) => kind),
      ['base', 'app'],
    );
  });

  const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [[PODINFO, '--base', 'registry/node:24'], /name it by the digest/],
    [[PODINFO, '--base', 'node'], /does not name an image/],
    [[PODINFO, '--push', 'podinfo'], /does not name an image/],
    [[PODINFO, '--push', `registry/podinfo@sha256:${'0'.repeat(64)}`], /names a digest/],
    [[PODINFO, '--platform', 'windows/amd64'], /linux\/amd64 and linux\/arm64/],
    [[PODINFO, '--source-date-epoch', 'today'], /whole seconds since 1970/],
    [[PODINFO, '--port', '0'], /a port from 1/],
    [[PODINFO, '--label', 'a'], /--label takes NAME=value/],
    [[PODINFO, '--entrypoint', 'node nothing.js'], /does not go into the image/],
    [[PODINFO, '--node', 'bundled'], /give a base/],
    [['nothing-here'], /There is no directory/],
  ];
  for (const [args, says] of wrong) {
    it(`refuses ${args.slice(-2).join(' ').replaceAll(PODINFO, 'podinfo')}`, (t) => {
      const { status, stderr } = canary(directory(t), ...args);
      assert.equal(status, 2, stderr);
      assert.match(stderr, says);
    });
  }
});

const PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6', 'ca-certificates', 'tzdata', 'netbase', 'base-files'];

function has(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

/** Why no image with a base of Debian packages can be run here; false if one can. */
function cannotRun(): string | false {
  if (process.platform !== 'linux') return 'the Node.js that runs this is not one for Linux';
  const missing = ['dpkg-deb', 'skopeo', 'podman'].filter((program) => !has(program));
  if (missing.length > 0) return `${missing.join(', ')} not installed`;
  return false;
}

/** Unpacks Debian packages; null when they cannot be fetched. */
function debianRootfs(test: TestContext): string | null {
  const packages = directory(test);
  const fetched = spawnSync('apt-get', ['download', ...PACKAGES], { cwd: packages });
  if (fetched.status !== 0) return null;
  const rootfs = path.join(packages, 'rootfs');
  mkdirSync(rootfs);
  for (const file of readdirSync(packages).filter((each) => each.endsWith('.deb'))) {
    assert.equal(spawnSync('dpkg-deb', ['-x', path.join(packages, file), rootfs]).status, 0);
  }
  return rootfs;
}

describe('an image with a base of Debian packages and Node.js', { skip: cannotRun() }, () => {
  it('has the same digest for other tools, and runs without rights', { timeout: 300_000 }, async (t) => {
    const rootfs = debianRootfs(t);
    if (rootfs === null) return t.skip('the packages of Debian cannot be fetched');
    const here = directory(t);
    const { digest } = build(here, PODINFO, '--base', rootfs, '--node', 'bundled', '--release', '1.0.0');
    const layout = `oci:${path.join(here, '.canary/registry/podinfo')}:1.0.0`;
    const seen = spawnSync('skopeo', ['inspect', '--format', '{{.Digest}}', layout], { encoding: 'utf8' });
    assert.equal(seen.stdout.trim(), digest, seen.stderr);

    const podman = containers(t);
    const place = `containers-storage:[vfs@${podman.root}+${podman.runRoot}]localhost/podinfo:1.0.0`;
    assert.equal(spawnSync('skopeo', ['copy', '--quiet', layout, place]).status, 0);
    const kept = podman.say('images', '--format', '{{.Digest}}');
    assert.equal(kept.stdout.trim(), digest, kept.stderr);

    const asked = podman.say(
      'run',
      ...RESTRICTED,
      '--network=none',
      '--entrypoint',
      '/usr/local/bin/node',
      'localhost/podinfo:1.0.0',
      '-e',
      ASK,
    );
    if (/OCI runtime error|OCI permission denied/.test(asked.stderr)) {
      return t.skip(`podman cannot start any container here: ${asked.stderr.trim()}`);
    }
    assert.equal(asked.stdout.trim(), '65532 /app EROFS', asked.stderr);

    const name = `canary-${path.basename(here)}`;
    const running = podman.start(
      'run',
      ...RESTRICTED,
      '--name',
      name,
      '--network=host',
      '-e',
      'PORT=0',
      '-e',
      'HOST=127.0.0.1',
      'localhost/podinfo:1.0.0',
    );
    const [line] = await once(running.stdout.setEncoding('utf8'), 'data');
    const { port } = JSON.parse(String(line).split('\n')[0] ?? '');
    assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
    const ended = once(running, 'exit');
    assert.equal(podman.say('stop', name).status, 0);
    assert.deepEqual(await ended, [0, null], 'it stops when it is told to');
  });
});

/** Who the service is, where, and what happens when it writes beside itself. */
const ASK = `
let code = 'written';
try { require('node:fs').writeFileSync('/app/new', ''); } catch (error) { code = error.code; }
console.log(process.getuid(), process.cwd(), code);
`;

const RESTRICTED = [
  '--rm',
  '--read-only',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
  '--ulimit=nofile=1024:1024',
  '--ulimit=nproc=1024:1024',
];

/** Podman with a storage of its own. */
function containers(test: TestContext) {
  const place = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'canary-e2e-podman-')));
  const [root, runRoot] = [path.join(place, 'containers'), path.join(place, 'running')];
  const runtime = has('runc') ? ['--runtime', 'runc'] : [];
  const flags = ['--root', root, '--runroot', runRoot, '--storage-driver', 'vfs', ...runtime];
  const say = (...args: readonly string[]) => spawnSync('podman', [...flags, ...args], { encoding: 'utf8' });
  test.after(() => {
    say('rm', '--all', '--force');
    rmSync(place, { recursive: true, force: true });
  });
  return {
    root,
    runRoot,
    say,
    start: (...args: readonly string[]) =>
      spawn('podman', [...flags, ...args], { stdio: ['ignore', 'pipe', 'inherit'] }),
  };
}
