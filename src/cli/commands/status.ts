import { type Difference, differences } from '../../core/judging/difference.ts';
import { sayReason } from '../../core/reason.ts';
import { isPromotion } from '../../core/lineage.ts';
import { isActive, type Rollout, statusOf } from '../../core/rollout.ts';
import { type Milliseconds, sayDuration } from '../../core/time.ts';
import { releasesInTrouble, stoppedLocalTargets, weightsNow } from '../../compose.ts';
import { printable } from '../../core/printable.ts';
import { resolvePlan } from '../../config/resolve.ts';
import type { CommandRun } from '../command.ts';
import { hasController, sayUnresponsive } from '../controller.ts';
import { EXIT_CODES, exitCodeOf } from '../exit-code.ts';
import { rolloutDocument } from '../outcome.ts';
import { openSession, type Session } from '../session.ts';
import { dayAndTime, paint, paintStatus } from '../view/format.ts';
import { frameOf } from '../view/rollout-frame.ts';
import { wrapped } from '../view/wrap.ts';

/** So far back is it looked for when the release became stable. */
const PROMOTIONS = 200;

/** Says what is stable, what is under way and what is blocked. Changes nothing, starts nothing. */
export const run: CommandRun = async (input) => {
  await using session = await openSession(input);
  const { output } = input;
  const rollouts = await session.rollouts(50);
  const underWay = rollouts.find(isActive);
  const promoted = await session.promoted(PROMOTIONS);
  const stable = promoted.find(isPromotion) ?? promoted[0];
  const known =
    underWay === undefined ? [] : differences(underWay, await session.store.intervals(underWay.id));
  const isControlled = hasController(session.stateDirectory);
  const blocks = await session.store.blocks(session.loaded.config.service, session.environment.name);
  const { targets } = resolvePlan(session.loaded, session.environment, 'deliver');
  const stopped = await stoppedLocalTargets(targets);
  const troubles = await releasesInTrouble(targets);
  const seen = isControlled ? undefined : await weightsNow(targets);
  output.json({
    service: session.loaded.config.service,
    environment: session.environment.name,
    stable:
      stable === undefined
        ? null
        : { release: stable.candidate.name, digest: stable.candidate.digest, rollout: stable.id },
    rollout: underWay === undefined ? null : rolloutDocument(underWay, known),
    stopped,
    troubles,
    controller: isControlled ? 'running' : 'none',
    blocked: blocks.map(({ release, digest, rollout }) => ({ release, digest, rollout })),
  });
  tell(session, { output, underWay, known, stable, isControlled, seen, latest: rollouts[0] });
  for (const name of stopped) {
    output.line(paint('yellow', `${name} is stopped; \`canary up\` starts it again`));
  }
  for (const { target, release, digest, wanted, healthy, trouble, remedy } of troubles) {
    const count = `${healthy} of ${wanted} processes of ${release} are healthy on ${target}`;
    output.line(`${paint('red', 'trouble')}  ${wrapped(printable(`${count} (${digest}): ${trouble}`), 9)}`);
    output.line(`         to do: ${wrapped(printable(remedy), 9)}`);
  }
  for (const { release, reasons } of blocks) {
    output.line(`${paint('red', 'blocked')}  ${release}: ${reasons.map(sayReason).join('; ')}`);
  }
  return underWay !== undefined && exitCodeOf(underWay) === EXIT_CODES.held
    ? EXIT_CODES.held
    : EXIT_CODES.done;
};

interface Telling {
  readonly output: Parameters<CommandRun>[0]['output'];
  readonly underWay: Rollout | undefined;
  readonly known: readonly Difference[];
  readonly stable: Rollout | undefined;
  readonly latest: Rollout | undefined;
  readonly isControlled: boolean;
  /** What the targets weigh really, where nobody else looks. */
  readonly seen: ReadonlyMap<string, number> | undefined;
}

/** A controller that does not turn a rollout for longer than this is in trouble. */
const LONGEST_SILENCE: Milliseconds = 3_000;

function tell(
  session: Session,
  { output, underWay, known, stable, latest, isControlled, seen }: Telling,
): void {
  const { loaded, environment } = session;
  const place = paint('bold', `${loaded.config.service} · ${environment.name}`);
  const since = stable?.phase.kind === 'ended' ? `, since ${dayAndTime(stable.phase.at)}` : '';
  output.line(
    `${place}   stable: ${stable === undefined ? 'nothing yet' : `${stable.candidate.name}${since}`}`,
  );
  if (underWay !== undefined) {
    output.line(frameOf(underWay, known, [], seen));
    const silence = session.clock.now() - underWay.lastTurnAt;
    if (isControlled && silence > LONGEST_SILENCE + 4 * underWay.plan.turnEvery) {
      const text = `Nobody has looked for ${sayDuration(silence)}: ${sayUnresponsive(session.stateDirectory)}. The guard takes traffic home.`;
      output.line(paint('yellow', `\n${text}`));
    }
    if (!isControlled) output.line(paint('yellow', `\n${sayUncontrolled(seen)}`));
  } else if (latest?.phase.kind === 'ended') {
    const { verdict, at } = latest.phase;
    output.line(
      `last rollout: ${latest.candidate.name} ${paintStatus(statusOf(latest))} at ${dayAndTime(at)}, after ${sayDuration(at - latest.createdAt)}`,
    );
    for (const reason of verdict.reasons) output.line(`  ${sayReason(reason)}`);
  }
}

/** Nobody leads the rollout: where its traffic is, and what to do. */
function sayUncontrolled(seen: ReadonlyMap<string, number> = new Map()): string {
  const isHome = seen.size > 0 && [...seen.values()].every((weight) => weight === 0);
  const guard = isHome ? 'and all traffic is at stable' : 'so the guard has taken traffic home or soon will';
  return `No controller is running, ${guard}. \`canary deploy\` takes the rollout up, \`canary rollback\` ends it.`;
}
