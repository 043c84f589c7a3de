import type { CommandRun } from '../command.ts';
import { EXIT_CODES, exitCodeOf } from '../exit-code.ts';
import { follow } from '../follow.ts';
import { tellOutcome } from '../outcome.ts';
import { meantRollout, openSession } from '../session.ts';
import { viewFor } from '../view/view-for.ts';

/** Shows a rollout until it has ended. Looks on; Ctrl-C only ends the looking. */
export const run: CommandRun = async (input) => {
  await using session = await openSession(input, input.args[0]);
  const { id } = await meantRollout(session, input.args[0]);
  const last = await follow(id, {
    store: session.store,
    stateDirectory: session.stateDirectory,
    registries: session.registries,
    view: viewFor(input.output),
    mayControl: false,
  });
  if (last === null) return EXIT_CODES.failed;
  tellOutcome(input.output, last);
  return exitCodeOf(last);
};
