import { sayEntry } from '../../core/journal.ts';
import type { RolloutView } from '../follow.ts';
import type { Output } from '../output.ts';
import { timeOfDay } from './format.ts';

/** A line for every entry of the journal: for CI and pipes. */
export function plainView(output: Output): RolloutView {
  return {
    show(_rollout, news) {
      for (const { entry, rollout } of news)
        output.line(`${timeOfDay(entry.at)}  ${rollout}  ${sayEntry(entry)}`);
    },
    trouble: (text) => output.problem(text, 'trouble'),
    close() {},
  };
}
