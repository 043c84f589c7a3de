import { startLocalTargets } from '../../compose.ts';
import { resolvePlan } from '../../config/resolve.ts';
import type { CommandRun } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { registryCredentials } from '../registry-credentials.ts';
import { openSession } from '../session.ts';

/**
 * Starts the proxies of the local targets again, after `canary down` or a restart of the machine, and what is stable when its
 * files were changed.
 */
export const run: CommandRun = async (input) => {
  await using session = await openSession(input);
  const { targets } = resolvePlan(session.loaded, session.environment, 'deliver');
  const { stateDirectory, registries } = session;
  const started = await startLocalTargets(targets, {
    stateDirectory,
    registries,
    credentialsFor: registryCredentials(),
  });
  for (const { name, address, stable, trouble } of started) {
    const state = trouble === null ? (stable ?? 'nothing deployed yet') : `${stable} is not up: ${trouble}`;
    input.output.line(`${name} listens on ${address}: ${state}`);
  }
  input.output.json(started);
  return started.every(({ trouble }) => trouble === null) ? EXIT_CODES.done : EXIT_CODES.failed;
};
