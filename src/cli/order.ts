import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, Command } from '../core/command.ts';
import { isActive, type Rollout, statusOf } from '../core/rollout.ts';
import { type CommandInput, textOption } from './command.ts';
import { hasController, sayUnresponsive } from './controller.ts';
import { EXIT_CODES, type ExitCode, Refusal, Unresponsive } from './exit-code.ts';
import { meantRollout, openSession, type Session } from './session.ts';

const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** Gives a command to the rollout that is named or under way, and says what came of it. */
export async function giveOrder(input: CommandInput, command: Command, id?: string): Promise<ExitCode> {
  await using session = await openSession(input, id);
  const rollout =
    id === undefined ? (await session.rollouts(20)).find(isActive) : await meantRollout(session, id);
  if (rollout === undefined) throw new Refusal(`No rollout to ${session.environment.name} is under way.`);
  if (!isActive(rollout)) throw new Refusal(`${rollout.id} has ended: ${statusOf(rollout)}.`);
  const number = await send(session, input, rollout, command);
  if (!hasController(session.stateDirectory)) {
    input.output.line(
      `Written down for ${rollout.id}. No controller is running; \`canary deploy\` takes the rollout up and obeys.`,
    );
    input.output.json({ rollout: rollout.id, command: command.kind, accepted: null });
    return EXIT_CODES.done;
  }
  const answer = await answerTo(session, number);
  if (answer === null) throw unresponsive(session, rollout);
  return tellAnswer(input, rollout, command, answer);
}

/** Leaves a command for a rollout; returns its number. */
export function send(
  session: Session,
  input: CommandInput,
  rollout: Rollout,
  command: Command,
): Promise<number> {
  const order = { command, by: input.user, note: textOption(input, 'note') ?? null };
  return session.store.sendCommand(rollout.id, order, session.clock.now());
}

/** Waits for the controller to answer a command; null if it takes too long. */
export async function answerTo({ store }: Session, command: number): Promise<Answer | null> {
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_EVERY_MS) {
    const answer = await store.answerTo(command);
    if (answer !== null) return answer;
    await wait(LOOK_EVERY_MS);
  }
  return null;
}

/** Nobody answered: the order stays, and is obeyed when somebody does. */
export function unresponsive({ stateDirectory }: Session, { id }: Rollout): Unresponsive {
  return new Unresponsive(
    `Written down for ${id}, but not done yet: ${sayUnresponsive(stateDirectory)}. The guard takes traffic home meanwhile.`,
  );
}

function tellAnswer({ output }: CommandInput, { id }: Rollout, { kind }: Command, answer: Answer): ExitCode {
  output.json({ rollout: id, command: kind, accepted: answer.accepted, text: answer.text });
  output.line(`${id}: ${answer.text}`);
  return answer.accepted ? EXIT_CODES.done : EXIT_CODES.refused;
}
