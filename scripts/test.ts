import { globSync } from 'node:fs';
import os from 'node:os';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';

/**
 * Runs the tests and ends with one line that counts them. `--unit` leaves out those that start whole systems; a pattern
 * picks files. What is skipped is listed with its reason.
 */
const { values, positionals } = parseArgs({
  options: { unit: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const UNIT = [
  'src/**/*.test.ts',
  'podinfo/src/**/*.test.ts',
  'test/*.test.ts',
  'test/{scenarios,simulation}/*.test.ts',
];
const WHOLE = ['test/{e2e,interop,supply-chain,images}/**/*.test.ts'];

const patterns = positionals.length > 0 ? positionals : values.unit ? UNIT : [...UNIT, ...WHOLE];
const files = globSync(patterns).toSorted();
if (files.length === 0) {
  console.error(`No test file fits ${patterns.join(' ')}.`);
  process.exit(2);
}

/** A file that hangs is a failure, not a run that never ends. In ms; all of them take ten minutes on two cores. */
const LONGEST_RUN = 45 * 60_000;

const counts = { passed: 0, failed: 0 };
const skipped: string[] = [];
const tests = run({
  files,
  concurrency: os.availableParallelism(),
  signal: AbortSignal.timeout(LONGEST_RUN),
});
tests.on('test:pass', ({ name, skip, details }) => {
  const isSkipped = skip !== undefined && skip !== false;
  // What is in a suite that is skipped is not heard of.
  if (isSkipped) skipped.push(`${name}: ${skip === true ? 'no reason given' : skip}`);
  else if (details.type !== 'suite') counts.passed += 1;
});
tests.on('test:fail', ({ details }) => {
  if (details.type !== 'suite') counts.failed += 1;
});
tests.once('end', () => {
  if (skipped.length > 0) console.log(`\nSkipped:\n${skipped.map((line) => `  ${line}`).join('\n')}`);
  console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${skipped.length} skipped`);
  process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
});
tests.compose(new spec()).pipe(process.stdout);
