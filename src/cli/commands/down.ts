import { stopLocalTargets } from '../../compose.ts';
import { resolvePlan } from '../../config/resolve.ts';
import { isActive } from '../../core/rollout.ts';
import type { CommandRun } from '../command.ts';
import { EXIT_CODES, Refusal } from '../exit-code.ts';
import { openSession } from '../session.ts';

/** Stops the local targets of an environment. What they ran is remembered, for `canary up`. */
export const run: CommandRun = async (input) => {
  await using session = await openSession(input);
  const underWay = (await session.rollouts(20)).find(isActive);
  if (underWay !== undefined)
    throw new Refusal(`${underWay.id} is under way; end it first, for instance with \`canary rollback\`.`);
  const { targets } = resolvePlan(session.loaded, session.environment, 'deliver');
  const stopped = await stopLocalTargets(targets);
  for (const name of stopped) input.output.line(`${name} is stopped.`);
  if (stopped.length === 0) input.output.line('Nothing was running.');
  input.output.json({ stopped });
  return EXIT_CODES.done;
};
