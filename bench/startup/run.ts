import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/clock/system-clock.ts';
import { openProject } from '../project.ts';
import { quantile, report } from '../report.ts';

/**
 * How long a user waits for `canary --help` and `canary status`, from the start of the process to its end, with Node.js
 * doing nothing as the peer. Runs the build: `npm run build` first.
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' } } });
const RUNS = Number(values.runs);
const CANARY = path.join(import.meta.dirname, '../../bin/canary.js');

const clock = systemClock();
await using project = await openProject({ plan: { steps: [] } });
// As `canary init` writes it. Node.js strips its types at every start.
const typed = path.join(project.directory, 'typed.config.ts');
const json = path.join(project.directory, 'canary.config.json');
writeFileSync(
  typed,
  `import config from './canary.config.json' with { type: 'json' };\nexport default config;\n`,
);

const commands = {
  'node -e 0': ['-e', '0'],
  'canary --help': [CANARY, '--help'],
  'canary status, canary.config.json': [CANARY, 'status', '--config', json],
  'canary status, canary.config.ts': [CANARY, 'status', '--config', typed],
};

const taken = Object.keys(commands).map((): number[] => []);
for (let round = 0; round <= RUNS; round += 1) {
  for (const [index, words] of Object.values(commands).entries()) {
    const milliseconds = timeOf(words);
    // The first round fills caches: of the file system, and of compiled code.
    if (round > 0) taken[index]?.push(milliseconds);
  }
}

const rows = Object.keys(commands).map((command, index) => {
  const [low, median, high] = [0.25, 0.5, 0.75].map((q) => Math.round(quantile(taken[index] ?? [], q)));
  return { command, low, median, high, least: Math.round(Math.min(...(taken[index] ?? []))) };
});
console.table(rows);
report('startup', { runs: RUNS, unit: 'milliseconds', rows });

function timeOf(words: readonly string[]): number {
  const elapsed = clock.stopwatch();
  const { status, stderr } = spawnSync(process.execPath, words, {
    cwd: project.directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const milliseconds = elapsed();
  if (status !== 0) throw new Error(`node ${words.join(' ')} ended with ${status}: ${stderr}`);
  return milliseconds;
}
