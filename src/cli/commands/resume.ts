import type { CommandRun } from '../command.ts';
import { giveOrder } from '../order.ts';

export const run: CommandRun = (input) => giveOrder(input, { kind: 'resume' });
