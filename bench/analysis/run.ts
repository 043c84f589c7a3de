import { parseArgs } from 'node:util';
import { report } from '../report.ts';
import { clusters } from './clusters.ts';
import { combining } from './combining.ts';
import { detection, distanceToBound } from './detection.ts';
import { edge } from './edge.ts';
import { healthy } from './healthy.ts';
import { latency } from './latency.ts';
import { promotion } from './promotion.ts';
import { situations } from './situations.ts';

/**
 * What the analysis finds, how fast, and how often it is wrong, by simulation of seeded traffic. `--runs` sets the number of
 * simulated rollouts per cell; `--only` names one table, which is then printed and not written.
 */
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1500' }, only: { type: 'string' } },
});

const RUNS = Number(values.runs);
const part = (share: number) => Math.ceil(RUNS * share);

const TABLES: Readonly<Record<string, () => object>> = {
  detection: () => detection(RUNS),
  distanceToBound: () => distanceToBound(RUNS),
  healthy: () => healthy(RUNS),
  situations: () => situations(part(0.5)),
  clusters: () => clusters(part(0.5)),
  latency: () => latency(part(0.1)),
  promotion: () => promotion(part(0.4)),
  combining: () => combining(part(0.5)),
  edge: () => edge(part(0.2)),
};

const chosen = Object.entries(TABLES).filter(([name]) => values.only === undefined || name === values.only);
const results: Record<string, object> = {};
for (const [name, table] of chosen) {
  const begun = process.cpuUsage();
  results[name] = table();
  const { user, system } = process.cpuUsage(begun);
  console.log(`${name}: ${Math.round((user + system) / 1e6)} s`);
}
if (values.only === undefined) report('analysis', { runs: RUNS, ...rounded(results) });
else console.log(JSON.stringify(results, null, 1));

/** Five digits are more than the simulation is good for. */
function rounded(tables: Readonly<Record<string, object>>): object {
  return JSON.parse(
    JSON.stringify(tables, (_, value: unknown) =>
      typeof value === 'number' ? Number(value.toPrecision(5)) : value,
    ),
  );
}
