import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { commandsIn } from '../documents.ts';
import {
  clock,
  type Ended,
  eventually,
  freePort,
  type Project,
  project,
  ROOT,
  versionOf,
} from './project.ts';

const README = readFileSync(path.join(ROOT, 'README.md'), 'utf8');

const SERVER = `
import { createServer } from 'node:http';
createServer((request, response) => {
  response.setHeader('x-release', process.env.RELEASE ?? process.env.CANARY_RELEASE).end('well');
}).listen(process.env.PORT, process.env.HOST);
`;
const PACKAGE = { name: 'shop', version: '1.0.0', type: 'module', scripts: { start: 'node server.js' } };
const ADVISORY = {
  id: 'GHSA-1',
  modified: new Date(clock.now()).toISOString(),
  affected: [{ package: { ecosystem: 'npm', name: 'x' }, versions: ['1.0.0'] }],
};

/** The commands of the section with this heading, in its order. */
function section(heading: string): readonly string[] {
  const [, text = ''] = README.split(`## ${heading}\n`);
  const commands = commandsIn(text.split('\n## ')[0] ?? '');
  assert.notEqual(commands.length, 0, `the README has no commands under "${heading}"`);
  return commands;
}

/** The project of somebody who reads the README. */
async function reader(t: Parameters<typeof project>[0]): Promise<Project> {
  const shop = await project(t);
  rmSync(shop.configFile);
  writeFileSync(path.join(shop.directory, 'server.js'), SERVER);
  writeFileSync(path.join(shop.directory, 'package.json'), JSON.stringify(PACKAGE));
  return shop;
}

function change({ directory }: Project, edit: (text: string) => string): void {
  const file = path.join(directory, 'canary.config.ts');
  writeFileSync(file, edit(readFileSync(file, 'utf8')));
}

/** Steps that are over soon, and so cannot find much. */
function quick(text: string): string {
  return text
    .replaceAll("hold: '30s'", "hold: '1s'")
    .replace("alpha: '1%',", "alpha: '1%', mustFind: '50%',");
}

async function run(shop: Project, command: string, code: number = 0): Promise<Ended> {
  const ended = await shop.canary(...command.split(' ').slice(1));
  assert.equal(ended.code, code, `${command}\n${ended.stdout}${ended.stderr}`);
  return ended;
}

describe('the README', { concurrency: false }, () => {
  it('brings a service of your own up, replaces it, and takes it back', async (t) => {
    const shop = await reader(t);
    const rest = [...section('Your own service, in five minutes')];
    const next = (expected: string) => assert.equal(rest.shift(), expected);
    try {
      next('canary init');
      await run(shop, `canary init --yes --listen ${shop.port}`);
      change(shop, quick);
      next('canary deploy --release 1.0.0');
      await run(shop, 'canary deploy --release 1.0.0');

      change(shop, (text) => text.replace("// cwd: './releases/{release}'", "cwd: './releases/{release}'"));
      const release = path.join(shop.directory, 'releases/1.1.0');
      mkdirSync(release, { recursive: true });
      for (const file of ['server.js', 'package.json'])
        cpSync(path.join(shop.directory, file), path.join(release, file));
      const load = shop.load();
      next('canary deploy --release 1.1.0');
      const { stdout } = await run(shop, 'canary deploy --release 1.1.0');
      await load.stop();
      const answering = await versionOf(shop.url);
      assert.equal(answering, '1.1.0', `${answering} answers after\n${stdout}`);

      for (const command of ['canary status', 'canary watch']) {
        next(command);
        await run(shop, command);
      }
      next('canary pause | resume | promote');
      for (const command of ['canary pause', 'canary resume', 'canary promote']) await run(shop, command, 4);
      next('canary rollback');
      await run(shop, 'canary rollback');
      assert.equal(await versionOf(shop.url), '1.0.0');
      for (const command of rest.splice(0, 4)) await run(shop, command);
      next('canary down');
      await run(shop, 'canary down');
      await run(shop, 'canary up');
      assert.equal(await versionOf(shop.url), '1.0.0');
      assert.deepEqual(rest, []);
    } finally {
      await shop.canary('down');
    }
  });

  it('takes an image from its source to a second environment', async (t) => {
    const shop = await reader(t);
    const commands = section('From an image that proves where it comes from');
    const advisories = path.join(shop.directory, '.canary/advisories/npm');
    mkdirSync(advisories, { recursive: true });
    writeFileSync(path.join(advisories, 'one.json'), JSON.stringify(ADVISORY));
    await run(shop, `canary init --yes --listen ${shop.port}`);
    const other = await freePort();
    change(shop, (text) => withStaging(quick(text), other));
    let image = '';
    const promotions: Promise<Ended>[] = [];
    try {
      for (const written of commands) {
        const command = written.replace(/registry\/shop@sha256:\S+/, image);
        switch (command.split(' ')[1] ?? '') {
          case 'build':
            image = (await run(shop, command)).stdout.trim().split('\n').at(-1) ?? '';
            break;
          case 'promote':
            promotions.push(shop.canary(...command.split(' ').slice(1)));
            await eventually(async () => (await shop.latest()).environment === 'staging');
            break;
          case 'approve':
            await approve(shop, command);
            for (const { code } of await Promise.all(promotions)) assert.equal(code, 0);
            break;
          default:
            await run(shop, command);
        }
      }
      const { stdout } = await run(shop, 'canary releases');
      assert.match(stdout, /^1\.1\.0 .* stable +stable$/m);
      assert.equal(await versionOf(`http://127.0.0.1:${other}`), '1.1.0');
    } finally {
      for (const environment of ['dev', 'staging']) await shop.canary('down', '--env', environment);
    }
  });
});

/** Another environment beside the first, which wants a second person. */
function withStaging(text: string, port: number): string {
  const staging = `{ name: 'staging', approval: { people: 1 }, targets: [{ kind: 'local', name: 'staging', listen: ${port} }], plan: { steps: [] } },`;
  return text
    .replace("service: 'shop',", "service: 'shop', supplyChain: {},")
    .replace(/ {2}\],\n\}\);\s*$/, `${staging}],\n});\n`);
}

/** Whoever asked for it cannot approve it. */
async function approve(shop: Project, command: string): Promise<void> {
  const words = command.split(' ').slice(1);
  assert.equal((await shop.canary(...words)).code, 4);
  assert.equal((await shop.as('bob', ...words)).code, 0);
}
