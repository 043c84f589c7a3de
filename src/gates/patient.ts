import type { Clock } from '../clock/clock.ts';
import type { GateAnswer } from '../core/observation.ts';
import type { Milliseconds } from '../core/time.ts';
import type { Gate } from './gate.ts';

/** A turn waits this long for an answer, and goes on without it. */
const AT_ONCE: Milliseconds = 250;
/** After this the question is given up. */
const AT_MOST: Milliseconds = 60_000;
/** An answer that nobody has come for by then is worth nothing any more: the machine may have slept. */
const KEEPS: Milliseconds = 30_000;

interface Answer {
  readonly given: GateAnswer;
  readonly age: () => Milliseconds;
}

interface Question {
  answer: Answer | null;
  readonly asked: Promise<void>;
}

/**
 * A gate that may take its time, for a loop that may not: while it thinks, the answer is "waiting", and the next turns ask
 * for what it has come to. An error of the gate is an error of the turn that asks for its answer.
 */
export function patientGate(gate: Gate, clock: Clock): Gate {
  const open = new Map<string, Question>();

  function begin(id: string, ask: (signal: AbortSignal) => Promise<GateAnswer>): Question {
    const asked = ask(AbortSignal.timeout(AT_MOST)).then(
      (given) => {
        question.answer = { given, age: clock.stopwatch() };
      },
      (error: unknown) => {
        const detail = error instanceof Error ? error.message : String(error);
        const given: GateAnswer = { gate: gate.name, kind: 'waiting', detail };
        question.answer = { given, age: clock.stopwatch() };
      },
    );
    const question: Question = { answer: null, asked };
    open.set(id, question);
    return question;
  }

  return {
    ...gate,
    async ask(rollout, signal) {
      const pending = open.get(rollout.id);
      const isOld = pending !== undefined && pending.answer !== null && pending.answer.age() > KEEPS;
      const question =
        pending === undefined || isOld ? begin(rollout.id, (own) => gate.ask(rollout, own)) : pending;
      if (question.answer === null) await Promise.race([question.asked, clock.wait(AT_ONCE, signal)]);
      if (question.answer === null) {
        return { gate: gate.name, kind: 'waiting', detail: 'the evidence is being read' };
      }
      open.delete(rollout.id);
      return question.answer.given;
    },
  };
}
