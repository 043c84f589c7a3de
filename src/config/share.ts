import { z } from 'zod';

const PATTERN = /^(\d+(?:\.\d+)?)\s*%$/;

/** Parses `1%` or `0.5 %` to a number from 0 to 1; null for anything else. */
export function parseShare(text: string): number | null {
  const [, percent] = PATTERN.exec(text.trim()) ?? [];
  return percent === undefined || Number(percent) > 100 ? null : Number(percent) / 100;
}

/** A share in a configuration, such as `"1%"`. Gives a number from 0 to 1. */
export function share() {
  return z
    .string({ error: 'must be a share in quotes, such as "1%"' })
    .regex(PATTERN, { error: 'must be a share such as "1%" or "0.5%"' })
    .transform((text) => Number(PATTERN.exec(text)?.[1]) / 100)
    .refine((value) => value <= 1, { error: 'must not be more than "100%"' });
}
