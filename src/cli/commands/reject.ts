import type { CommandRun } from '../command.ts';
import { giveOrder } from '../order.ts';

/** Ends a rollout that waits for an approval. */
export const run: CommandRun = (input) => giveOrder(input, { kind: 'reject' });
