import { lastObeyedRollout, mayStartLocalTargets } from '../../compose.ts';
import { resolvePlan, resolveRequest } from '../../config/resolve.ts';
import type { Answer } from '../../core/command.ts';
import { changedNothing, isPromotion, releaseBefore } from '../../core/lineage.ts';
import type { Release } from '../../core/release.ts';
import { isActive, type Rollout } from '../../core/rollout.ts';
import { type CommandInput, type CommandRun, flag } from '../command.ts';
import { EXIT_CODES, type ExitCode, Refusal } from '../exit-code.ts';
import { follow, isDone } from '../follow.ts';
import { answerTo, send, unresponsive } from '../order.ts';
import { tellOutcome } from '../outcome.ts';
import { openSession, type Session } from '../session.ts';
import { viewFor } from '../view/view-for.ts';

/** So far back is it looked for what was stable before. */
const PROMOTIONS = 200;

/**
 * Takes traffic back to the release before, whatever stands: a rollout under way, one whose old release is still warm, or
 * one that is long over. Becomes the controller if there is none.
 */
export const run: CommandRun = async (input) => {
  await using session = await openSession(input);
  const { targets } = resolvePlan(session.loaded, session.environment, 'return');
  await mayStartLocalTargets(targets);
  const rollouts = await session.rollouts(50);
  const underWay = rollouts.find(isActive);
  // Awaited here, as the session is closed when this function is left.
  if (underWay !== undefined) return await rollBack(session, input, underWay);
  const promotions = (await session.promoted(PROMOTIONS)).filter(isPromotion);
  const [last] = promotions;
  if (last === undefined)
    throw new Refusal(
      `Nothing was promoted to ${session.environment.name} yet, so there is nothing to go back from.`,
    );
  const newest = rollouts.find((each) => !changedNothing(each)) ?? last;
  const isBack = last.plan.purpose === 'return' || wasTakenBack(newest);
  if (isBack && !flag(input, 'further')) {
    throw new Refusal(
      `${newest.id === last.id ? 'The last rollout was a return' : `${newest.candidate.name} is gone already`}: ${last.candidate.name} is stable. \`canary rollback --further\` goes back to the release before that.`,
    );
  }
  // What a return has replaced is kept warm too, and is the release that somebody wanted gone.
  const isWarm =
    last.phase.kind === 'ended' &&
    !last.phase.settled &&
    last.id === rollouts[0]?.id &&
    last.plan.purpose === 'deliver';
  return isWarm
    ? await rollBack(session, input, last)
    : await returnToOlder(session, input, last, releaseBefore(last, promotions));
};

/** Whether a person said so. What went home by itself is no answer to somebody who wants to go back. */
function wasTakenBack({ phase }: Rollout): boolean {
  return (
    phase.kind === 'ended' &&
    phase.verdict.kind === 'rolled back' &&
    phase.verdict.reasons.some(({ code }) => code === 'commanded')
  );
}

async function rollBack(session: Session, input: CommandInput, rollout: Rollout): Promise<ExitCode> {
  const number = await send(session, input, rollout, { kind: 'rollback' });
  let answer: Answer | null = null;
  let isGivenUp = false;
  const isOver = (state: Rollout) => isGivenUp || (answer !== null && isDone(state));
  const end = followUntil(session, input, rollout.id, isOver);
  answer = await answerTo(session, number);
  isGivenUp = answer === null;
  const last = await end;
  if (answer === null) throw unresponsive(session, rollout);
  if (!answer.accepted) throw new Refusal(`${rollout.id}: ${answer.text}.`);
  if (last !== null) tellOutcome(input.output, last);
  return last?.phase.kind === 'ended' ? EXIT_CODES.done : EXIT_CODES.failed;
}

/** The old release has been let go: it is rolled out again, straight up, and what it replaces is blocked. */
async function returnToOlder(
  session: Session,
  input: CommandInput,
  last: Rollout,
  older: Release | null,
): Promise<ExitCode> {
  if (older === null)
    throw new Refusal(`${last.candidate.name} was the first release; there is no older one to go back to.`);
  input.output.line(`${older.name} is not kept warm any more, so it is started again.`);
  const about = { purpose: 'return' as const, requestedBy: input.user };
  const request = resolveRequest(session.loaded, session.environment, older, about);
  const after = await lastObeyedRollout(request.plan.targets);
  const rollout = await session.store.begin(request, session.clock.now(), { supersede: false, after });
  const end = await followUntil(session, input, rollout.id, isDone);
  if (end === null) return EXIT_CODES.failed;
  tellOutcome(input.output, end);
  return end.phase.kind === 'ended' && end.phase.verdict.kind === 'promoted'
    ? EXIT_CODES.done
    : EXIT_CODES.notPromoted;
}

function followUntil(
  { store, stateDirectory, registries }: Session,
  { output }: CommandInput,
  id: string,
  isOver: (rollout: Rollout) => boolean,
): Promise<Rollout | null> {
  return follow(id, { store, stateDirectory, registries, view: viewFor(output), mayControl: true, isOver });
}
