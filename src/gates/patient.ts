import type { Clock } from '../clock/clock.ts';
import type { GateAnswer } from '../core/observation.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { Gate } from './gate.ts';

/** A turn waits this long for an answer, and goes on without it. */
const AT_ONCE: Milliseconds = 250;
/** After this the question is given up. */
const AT_MOST: Milliseconds = 60_000;
/** What was asked longer ago than this, as the machine was asleep since, says nothing about now; or later, as the clock was set. */
const GOOD_FOR: Milliseconds = 2 * AT_MOST;

interface Question {
  readonly askedAt: Instant;
  answer: GateAnswer | null;
  readonly asked: Promise<void>;
}

/**
 * A gate that may take its time, for a loop that may not: while it thinks, the answer is "waiting", and the next turns ask
 * for what it has come to, unless that was long ago. An error of the gate is an error of the turn that asks for its answer.
 */
export function patientGate(gate: Gate, clock: Clock): Gate {
  const open = new Map<string, Question>();

  function begin(id: string, ask: (signal: AbortSignal) => Promise<GateAnswer>): Question {
    const asked = ask(AbortSignal.timeout(AT_MOST)).then(
      (answer) => {
        question.answer = answer;
      },
      (error: unknown) => {
        const detail = error instanceof Error ? error.message : String(error);
        question.answer = { gate: gate.name, kind: 'waiting', detail };
      },
    );
    const question: Question = { askedAt: clock.now(), answer: null, asked };
    open.set(id, question);
    return question;
  }

  return {
    ...gate,
    async ask(rollout, signal) {
      const known = open.get(rollout.id);
      const isGood = known !== undefined && isRecent(known.askedAt, clock.now());
      const question = isGood ? known : begin(rollout.id, (own) => gate.ask(rollout, own));
      if (question.answer === null) await Promise.race([question.asked, clock.wait(AT_ONCE, signal)]);
      if (question.answer === null) {
        return { gate: gate.name, kind: 'waiting', detail: 'the evidence is being read' };
      }
      open.delete(rollout.id);
      return question.answer;
    },
  };
}

function isRecent(asked: Instant, now: Instant): boolean {
  return asked <= now && now <= asked + GOOD_FOR;
}
