import { systemClock } from '../../clock/system-clock.ts';
import type { RolloutView } from '../follow.ts';
import type { Output } from '../output.ts';
import { plainView } from './plain-view.ts';
import { liveView } from './live-view.ts';

/** The picture for a person at a terminal, lines for everything else. */
export function viewFor(output: Output): RolloutView {
  return output.isLive ? liveView(process.stdout) : plainView(output, systemClock());
}
