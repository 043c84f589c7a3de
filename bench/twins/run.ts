import { parseArgs } from 'node:util';
import { CIRCUMSTANCES, falseRollbacks } from '../../test/simulation/twins.ts';
import { report } from '../report.ts';

/**
 * Rolls out releases that are the same as stable, through the real engine and store in virtual time, in circumstances that
 * hit both alike: how many are rolled back all the same.
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '1000' } } });
const RUNS = Number(values.runs);
const ALPHA = 0.01;

const rows: { circumstances: string; rolledBack: number; share: number; standardError: number }[] = [];
for (const [name, circumstances] of Object.entries(CIRCUMSTANCES)) {
  const rolledBack = await falseRollbacks(RUNS, circumstances);
  const share = rolledBack / RUNS;
  const standardError = Math.sqrt(Math.max(share, 1 / RUNS) / RUNS);
  const row = { circumstances: name, rolledBack, share, standardError };
  rows.push(row);
  console.log(row);
}
const all = rows.reduce((sum, row) => sum + row.rolledBack, 0);
report('twins', {
  alpha: ALPHA,
  runsEach: RUNS,
  seeds: `1 to ${RUNS}`,
  rows,
  share: all / (RUNS * rows.length),
});
