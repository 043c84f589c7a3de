import type { CommandRun } from '../command.ts';
import { giveOrder } from '../order.ts';

/** Says that a rollout may begin that waits for a second person. */
export const run: CommandRun = (input) => giveOrder(input, { kind: 'approve' });
