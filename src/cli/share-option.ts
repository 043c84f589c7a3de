import { ConfigError } from '../config/problems.ts';
import { parseShare } from '../config/share.ts';

/** The share that an option was given, such as `1%`: 0 to 1. Throws for anything else. */
export function shareOption(name: string, text: string): number {
  const value = parseShare(text);
  if (value === null) {
    throw new ConfigError('invalid', `--${name} takes a share of the requests, such as "1%", not "${text}".`);
  }
  return value;
}
