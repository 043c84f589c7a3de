import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { freshnessOf } from '../../compose.ts';
import { checkConfig } from '../../config/load.ts';
import { findEnvironment, resolvePlan } from '../../config/resolve.ts';
import { forecast } from '../../core/forecast/forecast.ts';
import type { KnownTraffic } from './known-traffic.ts';
import { report } from './report.ts';

const DOCUMENT = path.join(import.meta.dirname, '../../../docs/analysis/planning.md');

const CONFIG = {
  service: 'shop',
  run: { command: 'node server.js' },
  environments: [
    {
      name: 'prod',
      targets: [{ kind: 'local', name: 'web', listen: 8080 }],
      plan: {
        steps: [
          { weight: 1, hold: '1m' },
          { weight: 10, hold: '1m' },
          { weight: 50, hold: '2m' },
        ],
      },
    },
  ],
};

const GIVEN: KnownTraffic = {
  traffic: { requestsPerSecond: 30, errorRate: 0.002, p99: 200 },
  sources: { requestsPerSecond: 'given', errorRate: 'given', p99: 'given' },
  measuredOver: null,
};

function reportFor(steps: object | null, known: KnownTraffic, width: number): string {
  const config = checkConfig(
    steps === null ? CONFIG : { ...CONFIG, environments: [{ ...CONFIG.environments[0], plan: { steps } }] },
    'it',
  );
  const plan = resolvePlan({ config, file: '/it' }, findEnvironment(config, 'prod'), 'deliver');
  const found = forecast({ plan, traffic: known.traffic, freshness: freshnessOf(plan.targets), seed: 1 });
  assert.ok(found !== null);
  return stripVTControlCharacters(report(found, known, width));
}

describe('the report', () => {
  it('is as the documentation shows it', () => {
    const text = reportFor(null, GIVEN, 100);
    assert.ok(readFileSync(DOCUMENT, 'utf8').includes(text), `the example should be:\n${text}`);
  });

  it('says where each figure comes from', () => {
    const measured: KnownTraffic = {
      traffic: { requestsPerSecond: 30, errorRate: 0.001, p99: null },
      sources: { requestsPerSecond: 'measured', errorRate: 'assumed', p99: 'unknown' },
      measuredOver: 600_000,
    };
    const [first] = reportFor(null, measured, 100).split('\n');
    assert.equal(
      first,
      'Traffic: 30 requests/s (as measured over the last 10 min); 0.1 % fail (an assumption)',
    );
  });

  it('keeps its sentences within the terminal', () => {
    const sentences = reportFor(null, GIVEN, 72).split('\n\n').slice(-2).join('\n').split('\n');
    assert.ok(sentences.length > 10);
    for (const line of sentences) assert.ok(line.length <= 72, line);
  });

  it('has no table where there are no steps', () => {
    const text = reportFor([], GIVEN, 100);
    assert.match(text, /The plan has no steps/);
    assert.doesNotMatch(text, /STEP|┴/);
  });
});
