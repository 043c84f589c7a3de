import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { freePort } from '../free-port.ts';
import { type Contender, untilItAnswers, type Upstreams, WEIGHT } from './contender.ts';
import { pinned } from './programs.ts';

const PACKAGE = 'http-proxy-3';

/** The successor of http-proxy, the proxy that most programs for Node.js are built on. Installed for the time being. */
export async function startHttpProxy3(upstreams: Upstreams): Promise<Contender> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-bench-npm-'));
  const port = await freePort();
  writeFileSync(path.join(directory, 'package.json'), '{"private": true}');
  writeFileSync(path.join(directory, 'proxy.mjs'), programOf(port, upstreams));
  const { status, stderr } = spawnSync('npm', ['install', '--no-audit', '--no-fund', PACKAGE], {
    cwd: directory,
    encoding: 'utf8',
  });
  if (status !== 0) {
    rmSync(directory, { recursive: true, force: true });
    throw new Error(`npm install ${PACKAGE} failed: ${stderr.trim()}`);
  }
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(path.join(directory, 'node_modules', PACKAGE, 'package.json'), 'utf8')));
  const [program = '', ...words] = pinned('measured', [process.execPath, path.join(directory, 'proxy.mjs')]);
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await untilItAnswers(port);
  return {
    name: PACKAGE,
    about: `${version} on Node.js ${process.version}`,
    port,
    pids: child.pid === undefined ? [] : [child.pid],
    async stop() {
      child.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function programOf(port: number, { stable, candidate }: Upstreams): string {
  return `
import { Agent, createServer } from 'node:http';
import { createProxyServer } from '${PACKAGE}';

const proxy = createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: 256 }), xfwd: true });
proxy.on('error', (error) => { throw error; });
const [stable, candidate] = [{ host: '127.0.0.1', port: ${stable} }, { host: '127.0.0.1', port: ${candidate} }];
createServer((request, response) => {
  proxy.web(request, response, { target: Math.random() * 100 < ${WEIGHT} ? candidate : stable });
}).listen(${port}, '127.0.0.1');
`;
}
