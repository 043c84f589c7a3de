import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { systemClock } from '../../src/clock/system-clock.ts';
import { quantile, report } from '../report.ts';

/**
 * How much memory a large image takes to be built, stored again in another repository, and unpacked: the most that a process
 * of its own ever had. And how long the sample service takes to be built, as a command. Runs the build: `npm run build` first.
 */
const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '2048' } } });
const MEGABYTES = Number(values.megabytes);
const RUNS = 10;
const FILES = 16;
const BLOCK = 64 * 1024;

const clock = systemClock();
const ROOT = path.join(import.meta.dirname, '../..');
const CLI = path.join(ROOT, 'bin/canary.js');
const PODINFO = path.join(ROOT, 'podinfo');

const work = mkdtempSync(path.join(os.tmpdir(), 'canary-bench-images-'));
try {
  writeService(path.join(work, 'service'));
  mkdirSync(path.join(work, 'small'));
  writeFileSync(path.join(work, 'small', 'main.js'), '');
  const program = compileStep();
  const steps = ['build', 'push', 'unpack', 'verify'].map((step) => measure(program, step));
  console.table(steps);
  const podinfo = timePodinfo();
  console.log(podinfo);
  report('images', { megabytes: MEGABYTES, steps, podinfo });
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Files of which one half is noise and the other compresses well. */
function writeService(directory: string): void {
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ name: 'large', main: 'main.js' }));
  writeFileSync(path.join(directory, 'main.js'), '');
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16, 2));
  const text = Buffer.alloc(BLOCK, 'a line that is written again and again\n');
  for (let index = 0; index < FILES; index += 1) {
    const file = path.join(directory, `data-${index}`);
    const pairs = (MEGABYTES * 1024 * 1024) / FILES / (2 * BLOCK);
    for (let pair = 0; pair < pairs; pair += 1)
      appendFileSync(file, Buffer.concat([noise.update(text), text]));
  }
}

/** As it is published, in JavaScript: stripping types takes memory as well. Returns the program. */
function compileStep(): string {
  const output = path.join(work, 'compiled');
  const flags = ['--noEmit', 'false', '--outDir', output, '--rootDir', ROOT];
  writeFileSync(
    path.join(work, 'tsconfig.json'),
    JSON.stringify({
      extends: path.join(ROOT, 'tsconfig.json'),
      include: [path.join(ROOT, 'bench/images/step.ts')],
      compilerOptions: { typeRoots: [path.join(ROOT, 'node_modules/@types')] },
    }),
  );
  const compiled = spawnSync('tsc', ['-p', path.join(work, 'tsconfig.json'), ...flags], { encoding: 'utf8' });
  assert.equal(compiled.status, 0, compiled.stdout);
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(work, 'node_modules'));
  writeFileSync(path.join(work, 'package.json'), JSON.stringify({ type: 'module' }));
  return path.join(output, 'bench/images/step.js');
}

/** Does one step in a process of its own. */
function measure(program: string, step: string) {
  const answer = spawnSync(process.execPath, [program, step, work], { encoding: 'utf8' });
  assert.equal(answer.status, 0, answer.stderr);
  const measured = z.object({ seconds: z.number(), peakMegabytes: z.number() });
  return { step, ...measured.parse(JSON.parse(answer.stdout)) };
}

function timePodinfo() {
  const taken = Array.from({ length: RUNS }, () => {
    const elapsed = clock.stopwatch();
    const { status, stderr } = spawnSync(process.execPath, [CLI, 'build', PODINFO], {
      cwd: work,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return elapsed();
  });
  return {
    runs: RUNS,
    unit: 'milliseconds',
    median: Math.round(quantile(taken, 0.5)),
    least: Math.round(Math.min(...taken)),
  };
}
