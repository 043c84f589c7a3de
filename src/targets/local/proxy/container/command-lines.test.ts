import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerSettings } from '../../settings.ts';
import {
  containerName,
  hasImageCommand,
  imageIdCommand,
  imageName,
  inspectCommand,
  listCommand,
  loadCommand,
  pullCommand,
  removeCommand,
  removeImageCommand,
  runCommand,
  tagCommand,
  targetOf,
  untagCommand,
} from './command-lines.ts';

const SETTINGS: ContainerSettings = {
  in: 'container',
  engine: 'podman',
  globalOptions: [],
  options: [],
  memory: null,
  pids: null,
};
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

const berthOf = (changes: Partial<ContainerSettings> = {}) => ({
  settings: { ...SETTINGS, ...changes },
  target: 'f00',
});

const runBy = (changes: Partial<ContainerSettings> = {}, user: string = '1001') =>
  runCommand({
    berth: berthOf(changes),
    name: 'canary-f00-0123456789ab-4000',
    image: imageName(berthOf(), DIGEST),
    user,
    port: 4000,
    variables: '/state/variables',
  });

describe('the command line of a container', () => {
  it('leaves it nothing to write but its /tmp, no capabilities and no root, and names its image by digest', () => {
    assert.deepEqual(runBy(), [
      'podman',
      'run',
      '--rm',
      '--pull=never',
      '--name=canary-f00-0123456789ab-4000',
      '--label=canary.target=f00',
      '--log-driver=none',
      '--read-only',
      '--tmpfs=/tmp',
      '--cap-drop=ALL',
      '--security-opt=no-new-privileges',
      '--user=1001:1001',
      '--env-file=/state/variables',
      '--publish=127.0.0.1:4000:4000',
      `localhost/canary-f00@${DIGEST}`,
    ]);
  });

  it('has the words of the configuration before those that take its rights away, and its limits', () => {
    const words = runBy({
      globalOptions: ['--runtime', 'runc'],
      options: ['--ulimit', 'nofile=64:64', '--user', '0'],
      memory: '512m',
      pids: 64,
    });
    assert.deepEqual(words.slice(0, 8), [
      'podman',
      '--runtime',
      'runc',
      'run',
      '--ulimit',
      'nofile=64:64',
      '--user',
      '0',
    ]);
    assert.ok(words.indexOf('--user=1001:1001') > words.indexOf('--user'));
    assert.deepEqual(
      words.filter((word) => /^--(memory|pids)/.test(word)),
      ['--memory=512m', '--pids-limit=64'],
    );
  });

  for (const [said, user] of [
    ['', '65532:65532'],
    ['0', '65532:65532'],
    ['00', '65532:65532'],
    ['0:1000', '65532:65532'],
    ['root', '65532:65532'],
    ['node', '65532:65532'],
    ['1000', '1000:1000'],
    ['1000:1001', '1000:1001'],
    ['1000:0', '1000:1000'],
    ['1000:wheel', '65532:65532'],
  ] as const) {
    it(`runs an image for the user "${said}" as ${user}`, () => {
      assert.ok(runBy({}, said).includes(`--user=${user}`));
    });
  }
});

describe('podman', () => {
  const berth = berthOf({ globalOptions: ['--runtime', 'runc'] });
  const engine = ['podman', '--runtime', 'runc'];

  it('is asked for images by digest, and takes them from a layout', () => {
    assert.deepEqual(hasImageCommand(berth, DIGEST), [
      ...engine,
      'image',
      'exists',
      `localhost/canary-f00@${DIGEST}`,
    ]);
    assert.deepEqual(pullCommand(berth), [...engine, 'pull', '--quiet', 'oci:canary-image']);
    const tag = 'localhost/canary-f00:0123456789ab';
    assert.deepEqual(tagCommand(berth, 'beef', DIGEST), [...engine, 'tag', 'beef', tag]);
    assert.deepEqual(untagCommand(berth, 'beef'), [
      ...engine,
      'untag',
      'beef',
      'localhost/canary-image:latest',
    ]);
    assert.deepEqual(removeImageCommand(berth, DIGEST), [...engine, 'rmi', tag]);
  });

  it('is asked what a container is, for all of a target, and to remove some', () => {
    assert.deepEqual(inspectCommand(berth, 'a'), [
      ...engine,
      'inspect',
      '--type=container',
      '--format={{.ImageDigest}} {{.Image}} {{.State.Running}} {{.State.Pid}}',
      'a',
    ]);
    assert.deepEqual(listCommand(berth), [
      ...engine,
      'ps',
      '--all',
      '--filter=label=canary.target=f00',
      '--format={{.Names}}',
    ]);
    assert.deepEqual(removeCommand(berth, ['a', 'b']), [
      ...engine,
      'rm',
      '--force',
      '--volumes',
      '--ignore',
      '--time=0',
      'a',
      'b',
    ]);
  });
});

describe('docker', () => {
  const berth = berthOf({ engine: 'docker', globalOptions: ['--host', 'unix:///run/other.sock'] });
  const engine = ['docker', '--host', 'unix:///run/other.sock'];

  it('runs a container with the same words as podman, by the ID of its image', () => {
    const options = { name: 'a', image: DIGEST, user: '', port: 4000, variables: '/state/variables' };
    const [, ...words] = runCommand({ berth: berthOf({ memory: '512m', pids: 64 }), ...options });
    const docker = { engine: 'docker', memory: '512m', pids: 64 } as const;
    assert.deepEqual(runCommand({ berth: berthOf(docker), ...options }), ['docker', ...words]);
    assert.equal(words.at(-1), DIGEST);
  });

  it('is asked for images by ID, and takes them from an archive', () => {
    const tag = 'localhost/canary-f00:0123456789ab';
    assert.deepEqual(imageIdCommand(berth, DIGEST), [...engine, 'image', 'inspect', '--format={{.Id}}', tag]);
    assert.deepEqual(loadCommand(berth), [...engine, 'load', '--quiet']);
    assert.deepEqual(removeImageCommand(berth, DIGEST), [...engine, 'rmi', tag]);
  });

  it('is asked what a container is, for all of a target, and to remove some', () => {
    assert.deepEqual(inspectCommand(berth, 'a'), [
      ...engine,
      'inspect',
      '--type=container',
      '--format=- {{.Image}} {{.State.Running}} -',
      'a',
    ]);
    assert.deepEqual(listCommand(berth), [
      ...engine,
      'ps',
      '--all',
      '--filter=label=canary.target=f00',
      '--format={{.Names}}',
    ]);
    assert.deepEqual(removeCommand(berth, ['a', 'b']), [...engine, 'rm', '--force', '--volumes', 'a', 'b']);
  });
});

describe('the name of a container', () => {
  it('tells targets, releases and ports apart', () => {
    const [one, other] = [targetOf('/state/shop-dev-web'), targetOf('/state/shop-prod-web')];
    assert.match(one, /^[0-9a-f]{12}$/);
    assert.notEqual(one, other);
    const berth = { settings: SETTINGS, target: 'f00' };
    assert.equal(containerName(berth, DIGEST, 4000), 'canary-f00-0123456789ab-4000');
    assert.notEqual(containerName(berth, DIGEST, 4001), containerName(berth, DIGEST, 4000));
  });
});
