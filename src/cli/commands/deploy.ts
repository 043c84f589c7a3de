import { ConfigError } from '../../config/problems.ts';
import { resolveImage, resolveRelease, type ReleaseOverrides } from '../../config/resolve.ts';
import type { Release } from '../../core/release.ts';
import { beginOrTakeUp, rolloutUnderWay, seeThrough, takenUp } from '../begin.ts';
import { type CommandInput, type CommandRun, listOption, textOption } from '../command.ts';
import { openSession, type Session } from '../session.ts';

/** Rolls a release out in the foreground, or takes up its interrupted rollout. */
export const run: CommandRun = async (input) => {
  await using session = await openSession(input);
  const candidate = await meantRelease(session, input);
  const rollout =
    candidate === null
      ? takenUp(await onlyUnderWay(session), session, input)
      : await beginOrTakeUp(session, input, candidate);
  return await seeThrough(session, input, rollout);
};

/** Null when nothing was named: then what is under way is meant. */
async function meantRelease(session: Session, input: CommandInput): Promise<Release | null> {
  const { loaded, environment } = session;
  const [name, image] = [textOption(input, 'release'), textOption(input, 'image')];
  const overrides = overridesOf(input);
  if (image === undefined) return name === undefined ? null : resolveRelease(loaded, name, overrides);
  if (overrides.command !== undefined || overrides.cwd !== undefined) {
    throw new ConfigError(
      'invalid',
      '--command and --cwd are for programs; an image says itself what it runs.',
    );
  }
  // Loaded when an image turns up.
  const { imageToDeploy } = await import('../image.ts');
  const known = await imageToDeploy(image, session);
  return resolveImage(loaded, environment, known, { name, env: overrides.env ?? {} });
}

async function onlyUnderWay(session: Session) {
  const unfinished = await rolloutUnderWay(session);
  if (unfinished !== undefined) return unfinished;
  throw new ConfigError(
    'unknown-name',
    'Say what to deploy with --release or --image; no rollout is waiting to be taken up.',
  );
}

function overridesOf(input: CommandInput): ReleaseOverrides {
  const [command, cwd] = [textOption(input, 'command'), textOption(input, 'cwd')];
  const pairs = listOption(input, 'setEnv').map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new ConfigError('invalid', `--set-env takes NAME=value, not "${pair}".`);
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return {
    ...(command === undefined ? {} : { command }),
    ...(cwd === undefined ? {} : { cwd }),
    env: Object.fromEntries(pairs),
  };
}
