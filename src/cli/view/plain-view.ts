import type { Clock } from '../../clock/clock.ts';
import { sayEntry } from '../../core/journal.ts';
import { labelOf } from '../../core/turn/move.ts';
import { sayReason } from '../../core/reason.ts';
import type { Rollout } from '../../core/rollout.ts';
import { assessment } from '../../core/judging/sequential.ts';
import { sayDuration, type Instant, type Milliseconds } from '../../core/time.ts';
import type { RolloutView } from '../follow.ts';
import type { Output } from '../output.ts';
import { timeOfDay } from './format.ts';
import { askedOf } from './rollout-frame.ts';

/** A line is said at least this often while nothing happens, so that a log of CI shows that it goes on. */
const SIGN_OF_LIFE: Milliseconds = 10_000;

/** A line for every entry of the journal: for CI and pipes. */
export function plainView(output: Output, clock: Clock): RolloutView {
  let saidAt: Instant = clock.now();
  return {
    show(rollout, news) {
      const now = clock.now();
      for (const { entry, rollout: id } of news)
        output.line(`${timeOfDay(entry.at)}  ${id}  ${sayEntry(entry)}`);
      if (news.length === 0 && now - saidAt < SIGN_OF_LIFE) return;
      if (news.length === 0 && rollout.phase.kind !== 'ended') {
        output.line(`${timeOfDay(now)}  ${rollout.id}  ${stateOf(rollout)}`);
      }
      saidAt = now;
    },
    trouble: (text) => output.problem(text, 'trouble'),
    close() {},
  };
}

/** Where it stands and what it waits for. */
function stateOf(rollout: Rollout): string {
  const { phase, waitingFor } = rollout;
  const weighed = assessment(rollout);
  const watched = 'watched' in phase ? ` for ${sayDuration(phase.watched)}` : '';
  const evidence =
    weighed === null ? '' : `, evidence ${Math.round(100 * weighed.progress)} % of what a rollback takes`;
  const asked = askedOf(rollout);
  return [
    `${labelOf(rollout)}${watched}${phase.kind === 'progressing' ? evidence : ''}`,
    ...waitingFor.map(sayReason),
    ...(asked === null ? [] : [asked]),
  ].join('; ');
}
