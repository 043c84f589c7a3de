import type { CommandRun } from '../command.ts';
import { giveOrder } from '../order.ts';

/** Says, as a second person, that a rollout may begin. */
export const run: CommandRun = (input) => giveOrder(input, { kind: 'approve' }, input.args[0]);
