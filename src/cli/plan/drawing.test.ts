import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forecastOf } from '../../../test/forecasts.ts';
import { draw } from './drawing.ts';

const MINUTE = 60_000;

describe('the drawing', () => {
  it('has a line and a name for each step', () => {
    const svg = draw(
      forecastOf(
        [
          { weight: 10, hold: MINUTE },
          { weight: 50, hold: 5 * MINUTE },
        ],
        100,
      ),
      'shop, prod',
    );
    assert.equal(svg.match(/<path class="line c0" d="M70\.0/g)?.length, 1);
    assert.match(svg, />10 % for 60 s</);
    assert.match(svg, />50 % for 5 min</);
    assert.match(svg, /prefers-color-scheme:dark/);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  });

  it('takes any title for text', () => {
    const svg = draw(forecastOf([], 100), '<script> & co');
    assert.match(svg, />&lt;script&gt; &amp; co</);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  });

  it('tells lines of the same colour apart', () => {
    const steps = [1, 2, 3, 5, 10, 20, 50].map((weight) => ({ weight, hold: MINUTE }));
    const svg = draw(forecastOf(steps, 100), 'many');
    assert.equal(svg.match(/class="line c0" stroke-dasharray/g)?.length, 2);
    assert.equal(svg.match(/class="line c1" stroke-dasharray/g), null);
  });
});
