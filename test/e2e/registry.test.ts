import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { z } from 'zod';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import { anonymous } from '../../src/supply-chain/registry/client/credentials.ts';
import { registryRepository } from '../../src/supply-chain/registry/client/registry-repository.ts';
import { putImage } from '../interop/image.ts';
import { clock, project, ROOT } from './project.ts';

const said = z.object({ address: z.string() });

/** `canary registry`, up to the first line that it says. */
async function serve(t: TestContext, directory: string, ...args: readonly string[]) {
  const cli = path.join(ROOT, 'src/cli/main.ts');
  const child = spawn(process.execPath, [cli, 'registry', '--port', '0', ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [line] = await once(createInterface(child.stdout), 'line');
  return { line: String(line), child };
}

describe('canary registry', () => {
  it('takes an image, and keeps it where commands find it when it has ended', async (t) => {
    const shop = await project(t);
    const { line, child } = await serve(t, shop.directory, '--json');
    const { address } = said.parse(JSON.parse(line));
    const reference = { registry: address, repository: 'shop' };
    const image = await putImage(
      registryRepository(reference, { credentialsFor: anonymous, clock }),
      '1.0.0',
    );
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    const directory = path.join(shop.directory, '.canary', 'registry', 'shop');
    assert.equal(await layoutRepository('registry/shop', directory).resolve('1.0.0'), image.digest);
  });

  it('says where it is, to people', async (t) => {
    const shop = await project(t);
    const { line } = await serve(t, shop.directory);
    assert.match(line, /built-in registry is at 127\.0\.0\.1:\d+/);
    const second = await shop.canary('registry', '--port', '0');
    assert.equal(second.code, 5);
    assert.match(second.stderr, /Another process serves/);
    assert.equal((await shop.canary('registry', '--port', 'http')).code, 2);
  });
});
