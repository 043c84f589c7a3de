import { ConfigError } from '../../config/problems.ts';
import { sayReason } from '../../core/reason.ts';
import { type Rollout, statusOf } from '../../core/rollout.ts';
import { sayDuration } from '../../core/time.ts';
import { type CommandRun, textOption } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { rolloutDocument } from '../outcome.ts';
import { openSession } from '../session.ts';
import { dayAndTime, paint, paintStatus, table } from '../view/format.ts';

/** Lists the rollouts of an environment, newest first. */
export const run: CommandRun = async (input) => {
  await using session = await openSession(input);
  const limit = textOption(input, 'limit') ?? '20';
  if (!/^[1-9]\d{0,8}$/.test(limit))
    throw new ConfigError('invalid', `--limit takes a whole number from 1, not "${limit}".`);
  const rollouts = await session.rollouts(Number(limit));
  input.output.json(rollouts.map((rollout) => rolloutDocument(rollout)));
  if (rollouts.length === 0)
    input.output.line(`There has been no rollout to ${session.environment.name} yet.`);
  else
    input.output.line(
      table([['BEGAN', 'ROLLOUT', 'RELEASE', 'STATUS', 'TOOK', 'BY', 'WHY'], ...rollouts.map(rowOf)]),
    );
  return EXIT_CODES.done;
};

function rowOf(rollout: Rollout): readonly string[] {
  const { phase, createdAt, id, candidate, requestedBy, waitingFor } = rollout;
  const took = phase.kind === 'ended' ? sayDuration(phase.at - createdAt) : '';
  const [why] = phase.kind === 'ended' ? phase.verdict.reasons : waitingFor;
  const text = why === undefined ? '' : paint('dim', shorten(sayReason(why)));
  return [dayAndTime(createdAt), id, candidate.name, paintStatus(statusOf(rollout)), took, requestedBy, text];
}

function shorten(text: string): string {
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}
