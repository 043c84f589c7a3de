import { lastObeyedRollout, mayStartLocalTargets } from '../../compose.ts';
import { resolveRelease, resolveRequest, type ReleaseOverrides } from '../../config/resolve.ts';
import { ConfigError } from '../../config/problems.ts';
import { sameRelease, type Release } from '../../core/release.ts';
import { isActive, type Rollout } from '../../core/rollout.ts';
import { type CommandInput, type CommandRun, flag, listOption, textOption } from '../command.ts';
import { EXIT_CODES, exitCodeOf, Refusal } from '../exit-code.ts';
import { follow } from '../follow.ts';
import { onInterrupt } from '../interrupt.ts';
import { tellOutcome } from '../outcome.ts';
import { openSession, type Session } from '../session.ts';
import { viewFor } from '../view/view-for.ts';

/** Rolls a release out in the foreground, or takes up its interrupted rollout. */
export const run: CommandRun = async (input) => {
  await using session = await openSession(input);
  const rollout = await beginOrResume(session, input);
  const view = viewFor(input.output);
  const interrupt = onInterrupt(async () => {
    input.output.line(
      'Taking traffic home and ending the rollout. Once more leaves at once; the guard then does it.',
    );
    const order = { command: { kind: 'abort' as const }, by: input.user, note: 'interrupted' };
    await session.store.sendCommand(rollout.id, order, session.clock.now());
  });
  const leaveWhenHeld = flag(input, 'leaveWhenHeld');
  const last = await follow(rollout.id, {
    store: session.store,
    stateDirectory: session.stateDirectory,
    view,
    mayControl: true,
    isOver: (state) => !isActive(state) || (leaveWhenHeld && state.phase.kind === 'held'),
  });
  interrupt.stop();
  if (last === null) return EXIT_CODES.failed;
  tellOutcome(input.output, last);
  return exitCodeOf(last);
};

async function beginOrResume(session: Session, input: CommandInput): Promise<Rollout> {
  const unfinished = (await session.rollouts(20)).find(isActive);
  const name = textOption(input, 'release');
  if (name === undefined) return resumeOnly(unfinished, input);
  const candidate = resolveRelease(session.loaded, name, overridesOf(input));
  if (unfinished !== undefined && sameRelease(unfinished.candidate, candidate))
    return resumed(unfinished, input);
  return begin(session, input, candidate, unfinished);
}

function resumeOnly(unfinished: Rollout | undefined, input: CommandInput): Rollout {
  if (unfinished === undefined) {
    throw new ConfigError(
      'unknown-name',
      'Say what to deploy with --release; no rollout is waiting to be taken up.',
    );
  }
  return resumed(unfinished, input);
}

function resumed(rollout: Rollout, { output }: CommandInput): Rollout {
  output.line(
    `Taking up ${rollout.id}, the rollout of ${rollout.candidate.name} that was under way. It keeps the plan that it began with.`,
  );
  return rollout;
}

async function begin(
  session: Session,
  input: CommandInput,
  candidate: Release,
  unfinished: Rollout | undefined,
): Promise<Rollout> {
  const { store, loaded, environment } = session;
  const supersede = flag(input, 'supersede') || environment.plan.onNewer === 'supersede';
  if (unfinished !== undefined && !supersede) {
    throw new Refusal(
      `${unfinished.id} is under way with ${unfinished.candidate.name}. Wait for it, end it with \`canary rollback\`, or give --supersede.`,
    );
  }
  const about = { purpose: 'deliver' as const, requestedBy: input.user };
  const request = resolveRequest(loaded, environment, candidate, about);
  await mayStartLocalTargets(request.plan.targets);
  const after = await lastObeyedRollout(request.plan.targets);
  const rollout = await store.begin(request, session.clock.now(), { supersede, after });
  if (rollout.sequence === after + 1 && (await session.rollouts(2)).length === 1 && after > 0) {
    input.output.line(
      `The targets have obeyed ${after} rollouts that ${session.stateDirectory} knows nothing of: its history was lost. Going on from there.`,
    );
  }
  return rollout;
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
