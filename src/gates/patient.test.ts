import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rollout, START } from '../../test/builders.ts';
import { virtualClock } from '../../test/simulation/virtual-clock.ts';
import type { GateAnswer } from '../core/observation.ts';
import { patientGate } from './patient.ts';

const OPEN: GateAnswer = { gate: 'slow', kind: 'open' };
const CLOSED: GateAnswer = { gate: 'slow', kind: 'closed', detail: 'it was revoked' };

/** A gate that thinks for three seconds about what it saw when it was asked. */
function slowGate() {
  const clock = virtualClock(START);
  const questions: GateAnswer[] = [];
  const world = { sees: OPEN };
  const gate = patientGate(
    {
      name: 'slow',
      async ask() {
        const seen = world.sees;
        questions.push(seen);
        await clock.wait(3_000);
        return seen;
      },
    },
    clock,
  );
  async function ask(): Promise<GateAnswer> {
    const answer = gate.ask(rollout(), new AbortController().signal);
    await clock.run(clock.now() + 250);
    return answer;
  }
  return { clock, world, questions, ask };
}

describe('a gate that takes its time', () => {
  it('lets the turns go on, and answers one of the next', async () => {
    const { clock, questions, ask } = slowGate();
    assert.equal((await ask()).kind, 'waiting');
    assert.equal((await ask()).kind, 'waiting');
    await clock.run(START + 4_000);
    assert.deepEqual(await ask(), OPEN);
    assert.equal(questions.length, 1);
  });

  it('does not give an answer that has grown old meanwhile', async () => {
    const { clock, world, ask } = slowGate();
    await ask();
    await clock.run(START + 3_600_000);
    world.sees = CLOSED;
    assert.equal((await ask()).kind, 'waiting');
    await clock.run(clock.now() + 3_000);
    assert.deepEqual(await ask(), CLOSED);
  });
});
