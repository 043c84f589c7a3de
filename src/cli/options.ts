import type { OptionSpec } from './command.ts';

/** Options that several commands share. */
export const ENV: OptionSpec = {
  flags: '-e, --env <name>',
  description: 'environment (may be left out when there is only one)',
};
export const NOTE: OptionSpec = { flags: '-m, --note <text>', description: 'why, for the journal' };
export const CONFIG: OptionSpec = { flags: '-c, --config <file>', description: 'configuration file' };
export const JSON_OUTPUT: OptionSpec = { flags: '--json', description: 'answer with one JSON document' };
export const LEAVE_WHEN_HELD: OptionSpec = {
  flags: '--leave-when-held',
  description: 'end with code 3 when a person has to decide, instead of waiting',
};
export const HOTFIX: OptionSpec = {
  flags: '--hotfix',
  description: 'begin during a freeze, if a second person allows it; needs --note',
};
export const BREAK_GLASS: OptionSpec = {
  flags: '--break-glass',
  description: 'begin without the evidence that is asked for, if a second person allows it; needs --note',
};
