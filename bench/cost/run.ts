import { assess } from '../../src/core/analysis/assess.ts';
import { beginEvidence, type Evidence, learn } from '../../src/core/analysis/evidence.ts';
import { type AnalysisSettings, metricWeights, usualSettings } from '../../src/core/analysis/settings.ts';
import { imaginedArms, imaginedSample } from '../../src/core/forecast/traffic.ts';
import { seededRandom } from '../../src/core/random.ts';
import { report } from '../report.ts';

/** What it costs to take one block in, by measure; the latency measure compares at five thresholds. */
const BLOCKS = 20_000;
const STEPS = [{ weight: 10, hold: 300_000 }];
const TRAFFIC = { requestsPerSecond: 100, errorRates: { stable: 0.001, candidate: 0.001 } };

const usual = usualSettings(STEPS);
const VARIANTS: Readonly<Record<string, AnalysisSettings>> = {
  errors: { ...usual, weights: { errors: 1, latency: 0, traffic: 0 } },
  'errors, with a tolerance': {
    ...usual,
    tolerance: { offset: 0.0005, slope: 1 },
    weights: { errors: 1, latency: 0, traffic: 0 },
  },
  latency: { ...usual, weights: { errors: 0, latency: 1, traffic: 0 } },
  traffic: { ...usual, weights: { errors: 0, latency: 0, traffic: 1 } },
  'all three': usual,
};

const random = seededRandom(1);
const blocks = Array.from({ length: 500 }, () => imaginedArms(TRAFFIC, 10, 1_000, random));
const past = imaginedSample(27_000, 0.001, random);
const rows = Object.entries(VARIANTS).map(([name, settings]) => {
  measure(settings);
  const [learning, assessing] = measure(settings);
  const row = {
    measure: name,
    measures: metricWeights(settings).length,
    microsecondsToLearn: round(learning),
    microsecondsToAssess: round(assessing),
  };
  console.log(row);
  return row;
});
report('cost', { blocks: BLOCKS, rows });

function measure(settings: AnalysisSettings): readonly [number, number] {
  let evidence: Evidence = beginEvidence(settings, { web: past });
  let learning = 0;
  let assessing = 0;
  for (let block = 0; block < BLOCKS; block += 1) {
    const arms = blocks[block % blocks.length];
    if (arms === undefined) continue;
    const [from, to] = [block * 1_000, (block + 1) * 1_000];
    const began = performance.now();
    evidence = learn(evidence, settings, {
      target: 'web',
      step: 0,
      weight: 10,
      from,
      to,
      arms,
      flush: false,
    });
    const learnt = performance.now();
    assess(evidence, settings, 0);
    assessing += performance.now() - learnt;
    learning += learnt - began;
  }
  return [(1_000 * learning) / BLOCKS, (1_000 * assessing) / BLOCKS];
}

function round(microseconds: number): number {
  return Math.round(10 * microseconds) / 10;
}
