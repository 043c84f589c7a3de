import { addressTroubles, lastObeyedRollout, mayStartLocalTargets } from '../compose.ts';
import { ConfigError } from '../config/problems.ts';
import { resolveRequest } from '../config/resolve.ts';
import { dueVerdict } from '../core/attestation.ts';
import { sameRelease, type Release } from '../core/release.ts';
import { isActive, type Rollout, type RolloutRequest } from '../core/rollout.ts';
import { type CommandInput, flag, textOption } from './command.ts';
import { EXIT_CODES, type ExitCode, exitCodeOf, Refusal, waitsForPeople } from './exit-code.ts';
import { hasController } from './controller.ts';
import { follow, isDone } from './follow.ts';
import { onInterrupt } from './interrupt.ts';
import { tellOutcome } from './outcome.ts';
import type { Session } from './session.ts';
import { viewFor } from './view/view-for.ts';

/** The rollout of the service that is under way in the environment, if there is one. */
export async function rolloutUnderWay(session: Session): Promise<Rollout | undefined> {
  return (await session.rollouts(20)).find(isActive);
}

/** Begins a rollout of the release, or takes up the one of the same release that was interrupted. */
export async function beginOrTakeUp(
  session: Session,
  input: CommandInput,
  candidate: Release,
): Promise<Rollout> {
  const unfinished = await rolloutUnderWay(session);
  return unfinished !== undefined && sameRelease(unfinished.candidate, candidate)
    ? takenUp(unfinished, session, input)
    : begin(session, input, candidate, unfinished);
}

/** Says that the rollout goes on as it began, and whether somebody else leads it. */
export function takenUp(rollout: Rollout, { stateDirectory }: Session, { output }: CommandInput): Rollout {
  const { id, candidate } = rollout;
  output.line(
    hasController(stateDirectory)
      ? `Joining ${id}, the rollout of ${candidate.name} that another \`canary\` leads. Ctrl-C ends it for both.`
      : `Taking up ${id}, the rollout of ${candidate.name} that was under way. It keeps the plan that it began with.`,
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
  const about = { purpose: 'deliver' as const, requestedBy: input.user, overrides: overridesOf(input) };
  const request = resolveRequest(loaded, environment, candidate, about);
  await mayStartLocalTargets(request.plan.targets);
  const troubles = await addressTroubles(request.plan.targets);
  if (troubles.length > 0) throw new Refusal(`${troubles.join('; ')}.`);
  const after = await lastObeyedRollout(request.plan.targets);
  const rollout = await store.begin(request, session.clock.now(), { supersede, after });
  if (rollout.sequence === after + 1 && (await session.rollouts(2)).length === 1 && after > 0) {
    input.output.line(
      `The targets have obeyed ${after} rollouts that ${session.stateDirectory} knows nothing of: its history was lost. Going on from there.`,
    );
  }
  return rollout;
}

/** The gates that the person wants to overrule. Nobody does that without saying why. */
function overridesOf(input: CommandInput): NonNullable<RolloutRequest['overrides']> {
  const [isHotfix, breaksGlass] = [flag(input, 'hotfix'), flag(input, 'breakGlass')];
  const note = textOption(input, 'note')?.trim() ?? '';
  if ((isHotfix || breaksGlass) && note === '') {
    throw new ConfigError(
      'invalid',
      `${isHotfix ? '--hotfix' : '--break-glass'} needs --note: say why, for the second person and for the journal.`,
    );
  }
  return [
    ...(isHotfix ? [{ gate: 'freeze' as const, note }] : []),
    ...(breaksGlass ? [{ gate: 'supply chain' as const, note }] : []),
  ];
}

/**
 * Turns and shows a rollout until it has ended, or until a person has to decide and nobody wants to wait for that. Ctrl-C
 * takes traffic home and ends it; once more leaves at once.
 */
export async function seeThrough(session: Session, input: CommandInput, { id }: Rollout): Promise<ExitCode> {
  const { output } = input;
  const interrupt = onInterrupt(async () => {
    output.line(
      'Taking traffic home and ending the rollout. Once more leaves at once; the guard then does it.',
    );
    const order = { command: { kind: 'abort' as const }, by: input.user, note: 'interrupted' };
    await session.store.sendCommand(id, order, session.clock.now());
  });
  const leavesWhenHeld = flag(input, 'leaveWhenHeld');
  const last = await follow(id, {
    store: session.store,
    stateDirectory: session.stateDirectory,
    registries: session.registries,
    view: viewFor(output),
    mayControl: true,
    isOver: (state) => isDone(state) || (leavesWhenHeld && waitsForPeople(state)),
  });
  interrupt.stop();
  if (last === null) return EXIT_CODES.failed;
  tellOutcome(output, last);
  const { trouble } = last.attestation;
  if (trouble !== null && dueVerdict(last) !== null) {
    output.problem(
      `The verdict could not be attached to the image: ${trouble.detail}. It is tried again whenever a command controls ${last.environment}.`,
      'not-attested',
    );
  }
  return leavesWhenHeld && waitsForPeople(last) ? EXIT_CODES.held : exitCodeOf(last);
}
