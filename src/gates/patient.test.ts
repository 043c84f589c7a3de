import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rollout } from '../../test/builders.ts';
import type { Clock } from '../clock/clock.ts';
import type { GateAnswer } from '../core/observation.ts';
import type { Gate } from './gate.ts';
import { patientGate } from './patient.ts';

const NAME = 'supply chain';
const OPEN: GateAnswer = { gate: NAME, kind: 'open' };
const SHUT: GateAnswer = { gate: NAME, kind: 'closed', detail: 'it is known to be bad by now' };

/** A gate that answers when it is told to, behind a patient one; and a clock that is set by hand. */
function slowGate() {
  let now = 0;
  const answers: ((answer: GateAnswer) => void)[] = [];
  const clock: Clock = { now: () => now, stopwatch: () => () => 0, wait: async () => {} };
  const gate: Gate = {
    name: NAME,
    ask: () => new Promise((resolve) => answers.push(resolve)),
  };
  const patient = patientGate(gate, clock);
  return {
    asked: () => answers.length,
    ask: () => patient.ask(rollout(), new AbortController().signal),
    async answer(number: number, answer: GateAnswer) {
      answers[number]?.(answer);
      await new Promise((resolve) => setImmediate(resolve));
    },
    pass: (time: number) => {
      now += time;
    },
  };
}

describe('a gate that takes its time', () => {
  it('is waited for no longer than a turn may take, and its answer is fetched by a later one', async () => {
    const slow = slowGate();
    assert.equal((await slow.ask()).kind, 'waiting');
    await slow.answer(0, OPEN);
    slow.pass(2_000);
    assert.deepEqual(await slow.ask(), OPEN);
    assert.equal(slow.asked(), 1);
  });

  it('is asked anew when its answer was not fetched for long: the machine may have slept', async () => {
    const slow = slowGate();
    await slow.ask();
    await slow.answer(0, OPEN);
    slow.pass(3_600_000);
    assert.equal((await slow.ask()).kind, 'waiting', 'what was good an hour ago');
    await slow.answer(1, SHUT);
    assert.deepEqual(await slow.ask(), SHUT);
  });
});
