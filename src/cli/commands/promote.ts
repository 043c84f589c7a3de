import { environmentBefore } from '../../config/effective-supply-chain.ts';
import { ConfigError } from '../../config/problems.ts';
import { resolveImage } from '../../config/resolve.ts';
import type { ImageArtifact, Release } from '../../core/release.ts';
import { beginOrTakeUp, seeThrough } from '../begin.ts';
import { type CommandInput, type CommandRun, flag, textOption } from '../command.ts';
import { type ExitCode, Refusal } from '../exit-code.ts';
import { giveOrder } from '../order.ts';
import { openSession, type Session } from '../session.ts';

/** Goes on to the next step now; or, with an environment to go to, delivers there what is stable in the one before. */
export const run: CommandRun = async (input) => {
  const to = textOption(input, 'to');
  if (to !== undefined) return promoteTo(to, input);
  if (input.args[0] !== undefined) {
    throw new ConfigError(
      'invalid',
      'Say with --to where the image shall go, or leave the service out to go on to the next step.',
    );
  }
  return giveOrder(input, { kind: 'promote', full: flag(input, 'full') });
};

async function promoteTo(to: string, input: CommandInput): Promise<ExitCode> {
  await using session = await openSession({ ...input, options: { ...input.options, env: to } });
  const { loaded, environment } = session;
  const [service] = input.args;
  if (service !== undefined && service !== loaded.config.service) {
    throw new ConfigError(
      'unknown-name',
      `The service of ${loaded.file} is "${loaded.config.service}", not "${service}".`,
    );
  }
  const { imageToDeploy, knownImage } = await import('../image.ts');
  const named = textOption(input, 'image');
  const stable = named === undefined ? await stableBefore(session) : null;
  const known =
    stable === null
      ? await imageToDeploy(named ?? '', session)
      : await knownImage(stable.artifact.repository, stable.digest, session);
  const candidate = resolveImage(loaded, environment, known, { name: stable?.name });
  input.output.line(`Promoting ${candidate.name} (${known.repository}@${known.digest}) to ${to}.`);
  return await seeThrough(session, input, await beginOrTakeUp(session, input, candidate));
}

/** The image that is stable in the environment from which images come here. */
async function stableBefore({
  loaded,
  environment,
  store,
}: Session): Promise<Release & { readonly artifact: ImageArtifact }> {
  const before = environmentBefore(loaded.config, environment);
  if (before === null) {
    throw new ConfigError(
      'invalid',
      `${environment.name} comes after no other environment. Say what to deliver with --image, or use \`canary deploy --env ${environment.name}\`.`,
    );
  }
  const { service } = loaded.config;
  const rollouts = await store.list({ service, environment: before, limit: 50 });
  const last = rollouts.find(({ phase }) => phase.kind === 'ended' && phase.verdict.kind === 'promoted');
  if (last === undefined) {
    throw new Refusal(
      `Nothing was promoted in ${before} that is known here. Deploy to ${before} first; or say with --image which image was promoted elsewhere, and its signed verdict will be asked for.`,
    );
  }
  const { candidate } = last;
  const { artifact } = candidate;
  if (artifact.kind === 'image') return { ...candidate, artifact };
  throw new Refusal(
    `What is stable in ${before} is ${candidate.name}, a command. Only images are promoted: they are the same everywhere.`,
  );
}
