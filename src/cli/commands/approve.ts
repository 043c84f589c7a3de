import { ConfigError } from '../../config/problems.ts';
import type { CommandInput, CommandRun } from '../command.ts';
import { Refusal } from '../exit-code.ts';
import { giveOrder } from '../order.ts';
import { openSession } from '../session.ts';

/**
 * Says, as a second person, that a rollout may begin. It has to be named: the one that is under way may be another one by
 * now than the person has looked at.
 */
export const run: CommandRun = async (input) => {
  const [id] = input.args;
  if (id === undefined) throw await askWhich(input);
  return giveOrder(input, { kind: 'approve' }, id);
};

async function askWhich(input: CommandInput): Promise<ConfigError | Refusal> {
  await using session = await openSession(input);
  const waiting = (await session.rollouts(20)).filter(({ phase }) => phase.kind === 'gating');
  if (waiting.length === 0) return new Refusal(`No rollout to ${session.environment.name} waits to begin.`);
  const choice = waiting.map(
    ({ id, candidate, requestedBy }) =>
      `  canary approve ${id}   ${candidate.name} (${candidate.digest}), asked for by ${requestedBy}`,
  );
  return new ConfigError('invalid', `Say which rollout may begin:\n${choice.join('\n')}`);
}
