import { z } from 'zod';
import { type FreezeWindow, isZone } from '../core/permission/freeze.ts';
import { duration } from './duration.ts';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** The end of a day, in minutes. */
const MIDNIGHT = 24 * 60;

const ZONE = { error: 'must be a time zone such as "Europe/Berlin" or "UTC"' };

const zone = z
  .string(ZONE)
  .refine(isZone, ZONE)
  .describe('Time zone of the clock on the wall, such as "Europe/Berlin".');

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: 'must be a time of day such as "15:00"' })
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const wallTime = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d$/, {
    error: 'must be a day and a time such as "2026-12-24T00:00"',
  })
  .refine(isInCalendar, { error: 'must be a day that there is' });

/** Days that a month does not have become days of the next one when they are read. */
function isInCalendar(text: string): boolean {
  const instant = Date.parse(`${text}Z`);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text);
}

const weekly = z
  .strictObject({
    name: z.string().min(1),
    days: z.array(z.enum(DAYS)).min(1).describe('Days on which it begins.'),
    from: timeOfDay.prefault('00:00').describe('When it begins.'),
    to: timeOfDay.prefault('24:00').describe('When it ends; on the next day, if that is not later.'),
    zone,
  })
  .refine(({ from, to }) => from < MIDNIGHT && from !== to, {
    path: ['to'],
    error: 'must differ from `from`, and the whole day is from "00:00" to "24:00"',
  })
  .transform(({ days, ...window }): FreezeWindow => ({
    kind: 'weekly',
    ...window,
    days: days.map((day) => DAYS.indexOf(day)),
  }));

const once = z
  .strictObject({ name: z.string().min(1), from: wallTime, to: wallTime, zone })
  .refine(({ from, to }) => from < to, { path: ['to'], error: 'must be later than `from`' })
  .transform((window): FreezeWindow => ({ kind: 'once', ...window }));

/** What has to be so before a rollout begins in an environment, besides what its image has to bring. */
export const conditions = {
  approval: z
    .strictObject({
      people: z.int().min(1).max(20).default(1).describe('How many people have to say yes.'),
      from: z
        .array(z.string().min(1))
        .min(1)
        .nullable()
        .default(null)
        .describe('Who may. Without: anybody but the one who asked for the rollout, who never may.'),
      expires: duration('1m', '30d').prefault('24h').describe('How long an approval counts.'),
    })
    .refine(({ people, from }) => from === null || new Set(from).size >= people, {
      path: ['from'],
      error: 'names fewer people than have to say yes',
    })
    .nullable()
    .default(null)
    .describe('Who has to say yes before a rollout begins: `canary approve`.'),
  freeze: z
    .array(
      z.union([weekly, once], {
        error:
          'must have `name`, `zone` and either `days` with times of day in `from` and `to`, or days and times in `from` and `to`',
      }),
    )
    .default([])
    .describe('Times in which no rollout begins, unless a second person allows it (`deploy --hotfix`).'),
  overrides: z
    .strictObject({
      expires: duration('1m', '7d')
        .prefault('4h')
        .describe('How long the consent of the second person counts.'),
    })
    .prefault({})
    .describe('Overruling a gate: `deploy --hotfix` and `--break-glass`, with a second person.'),
  env: z
    .record(z.string(), z.string())
    .default({})
    .describe('Environment variables here of releases that are images, besides those of the image.'),
};
