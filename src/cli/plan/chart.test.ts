import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { forecastOf } from '../../../test/forecasts.ts';
import { chart } from './chart.ts';

const MINUTE = 60_000;

function linesOf(weights: readonly number[], requestsPerSecond = 100): readonly string[] {
  const steps = weights.map((weight) => ({ weight, hold: MINUTE }));
  return stripVTControlCharacters(chart(forecastOf(steps, requestsPerSecond).steps, 0.001)).split('\n');
}

describe('the chart', () => {
  it('has a mountain for each step, full at a total failure, over an axis of rates', () => {
    const lines = linesOf([10, 50]);
    const feet = lines.filter((line) => line.includes('┤'));
    assert.deepEqual(
      feet.map((line) => line.slice(0, 9).trim()),
      ['10 % ┤', '50 % ┤'],
    );
    for (const line of lines.filter((each) => /[│┤]/.test(each))) assert.ok(line.endsWith('█'), line);
    assert.match(lines.at(-2) ?? '', /^ +0\.1 % +1 % +10 % +100 %$/);
    assert.match(lines.at(-1) ?? '', /^ {9}▴ stable, 0\.1 %$/);
  });

  it('rises further to the left where more is found', () => {
    const [small, large] = linesOf([10, 50]).filter((line) => line.includes('┤'));
    assert.ok((large ?? '').indexOf('█') < (small ?? '').indexOf('█'));
  });

  it('is flat where nothing is found', () => {
    const [foot] = linesOf([1], 0.01).filter((line) => line.includes('┤'));
    assert.match(foot ?? '', /┤ *$/);
  });

  it('is low where there are many steps', () => {
    assert.equal(linesOf([1, 2, 5, 10, 25, 50]).length, 6 + 3);
  });
});
