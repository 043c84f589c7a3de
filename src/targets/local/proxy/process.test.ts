import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { isAlive, lastWords, rotateLog, startProcess } from './process.ts';
import { directory, service } from './testing/service.ts';

describe('a process of the service', () => {
  it('is not taken for dead by a proxy that has no descriptors left', async (t) => {
    const module = path.join(import.meta.dirname, 'process.ts');
    const code = `
      const { openSync } = await import('node:fs');
      const { isAlive, startProcess } = await import(${JSON.stringify(module)});
      const { artifact } = ${JSON.stringify(service())};
      const log = ${JSON.stringify(path.join(directory(t), 'service.log'))};
      const identity = startProcess({ program: artifact, isIsolated: false, port: 1, env: {}, log, onExit: () => {} });
      process.on('exit', () => process.kill(-identity.pid, 'SIGKILL'));
      const before = isAlive(identity);
      try { for (;;) openSync('/dev/null'); } catch {}
      process._rawDebug(before, isAlive(identity), isAlive({ ...identity, birth: 'another' }));
      process.exit();`;
    const child = spawn(
      'sh',
      ['-c', 'ulimit -n 100; exec "$0" --input-type=module -e "$1"', process.execPath, code],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const [said] = await once(child.stderr, 'data');
    assert.equal(String(said), 'true true true\n');
  });

  it('is dead when it has ended, or another one has its pid', async (t) => {
    const log = path.join(directory(t), 'service.log');
    const ended = Promise.withResolvers<string>();
    const { artifact } = service('1.0.0', 'setInterval(() => {}, 1_000)');
    const identity = startProcess({
      program: artifact,
      isIsolated: false,
      port: 1,
      env: {},
      log,
      onExit: ended.resolve,
    });
    assert.ok(identity !== null && isAlive(identity));
    assert.ok(!isAlive({ ...identity, birth: '1' }));
    process.kill(identity.pid, 'SIGKILL');
    assert.equal(await ended.promise, 'was ended by SIGKILL');
    assert.ok(!isAlive(identity));
  });
});

const LONG = 128 * 1024 * 1024;

describe('a log', () => {
  it('that has become long is moved aside, and everybody else gets the thread meanwhile', async (t) => {
    const log = path.join(directory(t), 'service.log');
    writeFileSync(log, 'a word');
    truncateSync(log, LONG);
    let turns = 0;
    let goesOn = true;
    const turn = () => {
      turns += 1;
      if (goesOn) setImmediate(turn);
    };
    turn();
    await rotateLog(log);
    goesOn = false;
    assert.ok(turns > 10, `${turns} turns`);
    assert.equal(statSync(log).size, 0);
    assert.equal(statSync(`${log}.1`).size, LONG);
  });

  it('that is short stays as it is, and one that is not there is none', async (t) => {
    const log = path.join(directory(t), 'service.log');
    await rotateLog(log);
    assert.ok(!existsSync(log));
    writeFileSync(log, 'a word');
    await rotateLog(log);
    assert.equal(statSync(log).size, 6);
  });
});

describe('the last words of a process', () => {
  const MISSING = `node:internal/modules/cjs/loader:1568
  throw err;
  ^

Error: Cannot find module '/srv/shop/server.js'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1564:15)
    at node:internal/main/run_main_module:33:47 {
  code: 'MODULE_NOT_FOUND',
  requireStack: []
}

Node.js v24.21.0
`;
  const cases: readonly (readonly [string, string, string | null])[] = [
    [
      'are the error of Node.js, not the end of its trace',
      MISSING,
      "Error: Cannot find module '/srv/shop/server.js'",
    ],
    ['are said once', '/bin/sh: 1: exec: nodde: not found\n'.repeat(3), '/bin/sh: 1: exec: nodde: not found'],
    [
      'are the last lines where no error is among them',
      'one\ntwo\n\ntwo\nthree\nfour\n',
      'two | three | four',
    ],
    ['are not an error of long ago', `error: old\n${'tick\ntock\n'.repeat(5)}`, 'tock | tick | tock'],
    ['are none where nothing was said', '\n', null],
  ];

  for (const [claim, text, words] of cases) {
    it(claim, (t) => {
      const log = path.join(directory(t), 'service.log');
      writeFileSync(log, text);
      assert.equal(lastWords(log), words);
    });
  }
});
