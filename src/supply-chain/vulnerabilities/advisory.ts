import { z } from 'zod';
import { parseInstant } from './instant.ts';

/** Advisories in the OSV format (https://ossf.github.io/osv-schema/), as far as they matter for matching. */

const text = z.string().max(1024);
const list = <Item extends z.ZodType>(item: Item, most: number) =>
  z
    .array(item)
    .max(most)
    .nullish()
    .transform((items) => items ?? []);

const event = z.object({
  introduced: text.optional(),
  fixed: text.optional(),
  last_affected: text.optional(),
  limit: text.optional(),
});

const range = z.object({ type: text, repo: text.optional(), events: z.array(event).min(1).max(10_000) });

const severity = z.object({ type: text, score: text });

/** Only what rates it: all else in it is the database's own affair. */
const specific = z
  .object({
    severity: z.unknown().optional(),
    urgency: z.unknown().optional(),
  })
  .nullish()
  .catch(null);

const affected = z.object({
  package: z.object({ ecosystem: text, name: text, purl: text.optional() }).nullish(),
  ranges: list(range, 10_000),
  versions: list(text, 100_000),
  severity: list(severity, 20),
  ecosystem_specific: specific,
  database_specific: specific,
});

const instant = z
  .string()
  .max(64)
  .transform((value, context) => {
    const at = parseInstant(value);
    if (at !== null) return at;
    context.addIssue({ code: 'custom', message: 'must be a time such as 2026-01-05T00:00:00Z' });
    return z.NEVER;
  });

export const advisory = z.object({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{2,127}$/, 'must be an id such as GHSA-xxxx-xxxx-xxxx'),
  modified: instant,
  withdrawn: instant.nullish(),
  aliases: list(text, 200),
  upstream: list(text, 10_000),
  summary: z.string().max(10_000).nullish(),
  severity: list(severity, 20),
  affected: list(affected, 100_000),
  database_specific: specific,
});

export type Advisory = z.infer<typeof advisory>;
export type Affected = Advisory['affected'][number];
export type AffectedRange = Affected['ranges'][number];
