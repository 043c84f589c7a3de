import { z } from 'zod';
import type { Milliseconds } from '../core/time.ts';

const UNITS: Readonly<Record<string, Milliseconds>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const PATTERN = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/;

/** Parses `500ms`, `10s`, `1.5m`, `2h` or `1d`; null for anything else. */
export function parseDuration(text: string): Milliseconds | null {
  const [, amount, unit] = PATTERN.exec(text.trim()) ?? [];
  const factor = UNITS[unit ?? ''];
  return factor === undefined ? null : Math.round(Number(amount) * factor);
}

/** A duration in a configuration: text with a unit. Gives milliseconds. */
export function duration(least: string, most: string = '366d') {
  const [min, max] = [parseDuration(least) ?? 0, parseDuration(most) ?? Infinity];
  return z
    .string({ error: 'must be a duration in quotes, such as "30s"' })
    .regex(PATTERN, { error: 'must be a duration such as "500ms", "30s", "5m", "2h" or "1d"' })
    .transform((text) => parseDuration(text) ?? 0)
    .refine((value) => value >= min && value <= max, { error: `must be between "${least}" and "${most}"` });
}
