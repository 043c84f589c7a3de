import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { block, close } from '../../../test/counts.ts';
import { FAILS_MORE } from './alternative.ts';
import { beginProcess, bet, logEOf, type Process, type ProcessSettings } from './e-process.ts';
import { ONCE } from './onset.ts';

const SETTINGS: ProcessSettings = {
  hypothesis: { offset: 0, slope: 1, side: 'at-most' },
  alternatives: FAILS_MORE,
  onsets: ONCE,
  temper: 1,
  cap: null,
};
const HISTORY = { requests: 27_000, bad: 27 };
const BLOCKS = [
  block(10, 0, 90, 0),
  block(10, 1, 90, 0),
  block(9, 1, 91, 0),
  block(11, 2, 89, 1),
  block(10, 1, 90, 0),
];
const MOMENT = { duration: 1, step: 0, isNewStep: false };

function run(settings: ProcessSettings, blocks = BLOCKS, history = HISTORY): readonly Process[] {
  const states: Process[] = [];
  let process = beginProcess(history);
  for (const each of blocks) {
    process = bet(process, settings, each, MOMENT);
    states.push(process);
  }
  return states;
}

function evidence(settings: ProcessSettings, blocks = BLOCKS): readonly number[] {
  return run(settings, blocks).map((process) => logEOf(process, settings));
}

describe('an e-process', () => {
  it('grows as computed independently', () => {
    const expected = [-0.1873810569, 1.4179155185, 3.4123825329, 5.5487410431, 7.5623498759];
    for (const [index, value] of evidence(SETTINGS).entries()) close(value, expected[index] ?? NaN, 1e-9);
  });

  it('grows as computed independently with a tolerance and later onsets', () => {
    const settings: ProcessSettings = {
      ...SETTINGS,
      hypothesis: { offset: 0.0005, slope: 1, side: 'at-most' },
      onsets: { every: 2, horizon: 8, steps: 1, mass: 0.2 },
    };
    const expected = [-0.1639788845, 1.240229883, 3.1863653409, 5.2753016064, 7.2735876949];
    for (const [index, value] of evidence(settings).entries()) close(value, expected[index] ?? NaN, 1e-9);
  });

  it('begins without evidence', () => {
    assert.equal(logEOf(beginProcess(HISTORY), SETTINGS), 0);
  });

  it('learns from stable alone, and only after it has bet', () => {
    const [first] = run(SETTINGS, [block(10, 9, 90, 2)]);
    assert.deepEqual(first?.seen, { requests: 27_090, bad: 29 });
  });

  it('remembers no more of the past than 30,000 requests', () => {
    assert.deepEqual(beginProcess({ requests: 300_000, bad: 300 }).seen, { requests: 30_000, bad: 30 });
  });

  it('is tempered and capped block by block', () => {
    const block1 = [block(10, 10, 90, 0)];
    const [plain] = evidence(SETTINGS, block1);
    const [tempered] = evidence({ ...SETTINGS, temper: 0.5 }, block1);
    const [capped] = evidence({ ...SETTINGS, cap: 2.3 }, block1);
    assert.ok((tempered ?? 0) < (plain ?? 0));
    assert.ok((capped ?? 0) <= 2.3 && (capped ?? 0) > 2);
  });

  it('survives JSON at any moment', () => {
    let kept = beginProcess(HISTORY);
    for (const each of BLOCKS) {
      kept = JSON.parse(JSON.stringify(bet(kept, SETTINGS, each, MOMENT)));
    }
    assert.deepEqual(kept, run(SETTINGS).at(-1));
  });
});

describe('later onsets', () => {
  const onsets = { every: 2, horizon: 7, steps: 3, mass: 0.2 };
  const settings: ProcessSettings = { ...SETTINGS, onsets };

  it('never lay more than the whole stake, however long the rollout takes', () => {
    // Blocks without candidate requests are worth exactly 1, so the evidence is what was laid and what is kept.
    let process = beginProcess(HISTORY);
    for (let index = 0; index < 50; index += 1) {
      process = bet(process, settings, block(0, 0, 90, 0), {
        ...MOMENT,
        step: Math.floor(index / 10),
      });
      close(logEOf(process, settings), 0, 1e-12);
    }
    assert.equal(process.mixture.onsets, 5);
  });

  it('come with time and with each step, and never twice', () => {
    const steps = [0, 0, 0, 1, 1, 0, 1, 2, 2, 2];
    let process = beginProcess(HISTORY);
    const due = steps.map((step) => {
      process = bet(process, settings, block(0, 0, 90, 0), { ...MOMENT, step });
      return process.mixture.onsets;
    });
    assert.deepEqual(due, [0, 0, 1, 2, 3, 3, 4, 5, 5, 5]);
  });

  it('keep the power to see a failure that follows a long incident of both arms', () => {
    const incident = Array.from({ length: 10 }, () => block(10, 3, 90, 27));
    const failure = Array.from({ length: 5 }, () => block(10, 5, 90, 27));
    const blocks = [...incident, ...failure];
    const late = { ...SETTINGS, onsets: { every: 1, horizon: 15, steps: 1, mass: 0.2 } };
    assert.ok((evidence(late, blocks).at(-1) ?? 0) > (evidence(SETTINGS, blocks).at(-1) ?? 0));
  });
});
