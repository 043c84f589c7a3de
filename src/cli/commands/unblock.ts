import type { CommandRun } from '../command.ts';
import { EXIT_CODES, Refusal } from '../exit-code.ts';
import { openSession } from '../session.ts';

/** Lifts the block of a release that was rolled back. */
export const run: CommandRun = async (input) => {
  await using session = await openSession(input);
  const [release = ''] = input.args;
  const { service } = session.loaded.config;
  const { name } = session.environment;
  const isLifted = await session.store.unblock(service, name, release, input.user, session.clock.now());
  if (!isLifted) throw new Refusal(`${release} is not blocked in ${name}; \`canary status\` shows what is.`);
  input.output.line(`${release} may be deployed to ${name} again.`);
  input.output.json({ environment: name, unblocked: release });
  return EXIT_CODES.done;
};
