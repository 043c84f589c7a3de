import { createLogUpdate } from 'log-update';
import { sayEntry } from '../../core/journal.ts';
import type { RolloutView } from '../follow.ts';
import { timeOfDay } from './format.ts';
import { frameOf } from './rollout-frame.ts';
import { wrapped } from './wrap.ts';

/** A picture of the rollout that is drawn anew as it changes, with the journal scrolling by above it. */
export function liveView(stream: NodeJS.WriteStream): RolloutView {
  const draw = createLogUpdate(stream);
  let troubles: readonly string[] = [];

  return {
    show(rollout, news, known) {
      if (news.length > 0) {
        draw.clear();
        for (const { entry } of news)
          stream.write(`${timeOfDay(entry.at)}  ${wrapped(sayEntry(entry), 10)}\n`);
      }
      draw(frameOf(rollout, known, troubles));
    },
    trouble(text) {
      troubles = [...troubles.slice(-2), text];
    },
    close: () => draw.done(),
  };
}
