import type { CommandRun } from '../command.ts';
import { giveOrder } from '../order.ts';

/** Says that a rollout shall not begin. */
export const run: CommandRun = (input) => giveOrder(input, { kind: 'reject' }, input.args[0]);
