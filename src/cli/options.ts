import type { OptionSpec } from './command.ts';

/** Options that several commands share. */
export const ENV: OptionSpec = {
  flags: '-e, --env <name>',
  description: 'environment (may be left out when there is only one)',
};
export const NOTE: OptionSpec = { flags: '-m, --note <text>', description: 'why, for the journal' };
export const CONFIG: OptionSpec = { flags: '-c, --config <file>', description: 'configuration file' };
export const JSON_OUTPUT: OptionSpec = { flags: '--json', description: 'answer with one JSON document' };
