import path from 'node:path';
import { resolvePlan } from '../../config/resolve.ts';
import { sayReason } from '../../core/reason.ts';
import { type Replayed, replay } from '../../core/replay.ts';
import { statusOf } from '../../core/rollout.ts';
import { sayDuration } from '../../core/time.ts';
import type { CommandRun } from '../command.ts';
import { EXIT_CODES, Refusal } from '../exit-code.ts';
import { meantRollout, openSession } from '../session.ts';
import { paint, paintStatus, table } from '../view/format.ts';

/** Judges a recorded rollout again, by the rules that it had and by those of the configuration. */
export const run: CommandRun = async (input) => {
  await using session = await openSession(input, input.args[0]);
  const rollout = await meantRollout(session, input.args[0]);
  const intervals = await session.store.intervals(rollout.id);
  if (intervals.length === 0) {
    throw new Refusal(
      `There is no record of ${rollout.id} to judge again: the analysis was off, or no traffic was split.`,
    );
  }
  const { output } = input;
  const recorded = replay(rollout, intervals, rollout.plan);
  const configured = replay(rollout, intervals, resolvePlan(session.loaded, session.environment, 'deliver'));
  output.json({
    rollout: rollout.id,
    status: statusOf(rollout),
    intervals: intervals.length,
    recorded: documentOf(recorded),
    configured: documentOf(configured),
  });
  output.line(
    `${paint('bold', rollout.id)}   ${rollout.candidate.name}   ${paintStatus(statusOf(rollout))}\n`,
  );
  output.line(
    table([
      ['RULES', 'STOPPED', 'CANDIDATE GOT', 'FAILED', 'STRONGEST EVIDENCE'],
      rowOf('as they were', recorded),
      rowOf(path.basename(session.loaded.file), configured),
    ]),
  );
  output.line(`\n${compare(recorded, configured)}`);
  output.line(
    paint(
      'dim',
      'What users would have met after the record ends is not known. Plain limits are not judged again.',
    ),
  );
  return EXIT_CODES.done;
};

function documentOf(replayed: Replayed | null) {
  if (replayed === null) return null;
  const { stopped, candidate, strongest } = replayed;
  return {
    stoppedAfterSeconds: stopped === null ? null : stopped.after / 1_000,
    reason: stopped === null ? null : { ...stopped.reason, text: sayReason(stopped.reason) },
    candidate: { requests: candidate.requests, failed: candidate.bad },
    strongestEvidence: strongest,
  };
}

function rowOf(name: string, replayed: Replayed | null): readonly string[] {
  if (replayed === null) return [name, 'no analysis', '', '', ''];
  const { stopped, candidate, strongest } = replayed;
  return [
    name,
    stopped === null ? 'never' : `after ${sayDuration(stopped.after)}`,
    `${candidate.requests} requests`,
    String(candidate.bad),
    `${Math.round(100 * strongest)} % of what it takes`,
  ];
}

function compare(recorded: Replayed | null, configured: Replayed | null): string {
  if (configured === null)
    return 'The configuration has no analysis, so it would never have stopped this rollout.';
  if (configured.stopped === null) {
    return recorded?.stopped === null || recorded === null
      ? 'Neither stops it.'
      : 'The configuration would not have stopped it by the end of the record.';
  }
  const reason = sayReason(configured.stopped.reason);
  if (recorded === null || recorded.stopped === null)
    return `The configuration would have stopped it: ${reason}.`;
  const sooner = recorded.candidate.requests - configured.candidate.requests;
  if (sooner === 0) return `Both stop it at the same request: ${reason}.`;
  return `The configuration would have stopped it ${Math.abs(sooner)} requests ${sooner > 0 ? 'sooner' : 'later'}: ${reason}.`;
}
