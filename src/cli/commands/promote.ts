import { type CommandRun, flag } from '../command.ts';
import { giveOrder } from '../order.ts';

export const run: CommandRun = (input) => giveOrder(input, { kind: 'promote', full: flag(input, 'full') });
