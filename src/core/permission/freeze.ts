import type { Instant, Milliseconds } from '../time.ts';

/** A time in which no rollout may begin, by the clock on the wall in a time zone. */
export type FreezeWindow = { readonly name: string; readonly zone: string } & (
  | {
      readonly kind: 'weekly';
      /** Days on which it begins: 0 is Sunday. */
      readonly days: readonly number[];
      /** Minutes since midnight. An end that is not after the beginning is on the next day. */
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly kind: 'once';
      /** Times on the wall, as `2026-12-24T00:00`. */
      readonly from: string;
      readonly to: string;
    }
);

const MINUTES_A_DAY = 24 * 60;
const MINUTE: Milliseconds = 60_000;
const DAY: Milliseconds = MINUTES_A_DAY * MINUTE;

/**
 * Whether the window holds at that instant. Beginnings belong to it, ends do not. Where clocks are put back, it begins when
 * they first show its beginning, and ends when they show its end for the last time.
 */
export function isFrozen(window: FreezeWindow, now: Instant): boolean {
  return isShownAsFrozen(window, now) || isBetween(window, now);
}

/** By nothing but what the clocks on the wall show. */
function isShownAsFrozen(window: FreezeWindow, now: Instant): boolean {
  const wall = wallClock(now, window.zone);
  if (window.kind === 'once') return window.from <= wall.text && wall.text < window.to;
  const { days, from, to } = window;
  const begunToday = days.includes(wall.day);
  const begunYesterday = days.includes((wall.day + 6) % 7);
  if (from < to) return begunToday && from <= wall.minute && wall.minute < to;
  return (begunToday && wall.minute >= from) || (begunYesterday && wall.minute < to);
}

/** By the instants at which it begins and ends: hours that are shown twice do not interrupt it. */
function isBetween(window: FreezeWindow, now: Instant): boolean {
  return spansOf(window, now).some(([from, to]) => {
    const begins = instantsOf(from, window.zone);
    const ends = instantsOf(to, window.zone);
    return Math.min(...begins) <= now && now < Math.max(...ends);
  });
}

/** From when until when on the wall, for the windows that may hold now. */
function spansOf(window: FreezeWindow, now: Instant): readonly (readonly [from: string, to: string])[] {
  if (window.kind === 'once') return [[window.from, window.to]];
  const { days, from, to, zone } = window;
  const today = startOf(wallClock(now, zone).text);
  return [today - DAY, today]
    .filter((day) => days.includes(new Date(day).getUTCDay()))
    .map((day) => [textOf(day + from * MINUTE), textOf(day + (from < to ? 0 : DAY) + to * MINUTE)]);
}

/** Every instant at which the clocks of the zone show this: none, one or two. */
function instantsOf(text: string, zone: string): readonly Instant[] {
  const written = Date.parse(`${text}Z`);
  const offsets = [written - DAY, written + DAY].map((near) => offsetAt(near, zone));
  return offsets
    .map((offset) => written - offset)
    .filter((instant) => wallClock(instant, zone).text === text);
}

/** By how much clocks of the zone are ahead of UTC. */
function offsetAt(wholeMinute: Instant, zone: string): Milliseconds {
  return Date.parse(`${wallClock(wholeMinute, zone).text}Z`) - wholeMinute;
}

function startOf(text: string): Instant {
  return Date.parse(`${text.slice(0, 10)}T00:00Z`);
}

/** As clocks on the wall would show it in UTC. */
function textOf(instant: Instant): string {
  return new Date(instant).toISOString().slice(0, 16);
}

/** When the window is over, as people say it. */
export function sayEnd(window: FreezeWindow): string {
  if (window.kind === 'once') return `${window.to.replace('T', ' ')} (${window.zone})`;
  const to = window.to % MINUTES_A_DAY;
  const time = [Math.floor(to / 60), to % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return `${time} (${window.zone})`;
}

/** Whether the zone is one of the IANA time zone database. */
export function isZone(zone: string): boolean {
  try {
    return formatOf(zone) !== undefined;
  } catch {
    return false;
  }
}

interface WallClock {
  readonly day: number;
  /** Minutes since midnight. */
  readonly minute: number;
  /** As `2026-12-24T18:30`. */
  readonly text: string;
}

/** What clocks on the wall show in the zone. */
function wallClock(now: Instant, zone: string): WallClock {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(now)
      .map(({ type, value }) => [type, value]),
  );
  const { year = '', month = '', day = '', hour = '', minute = '' } = parts;
  return {
    day: new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDay(),
    minute: Number(hour) * 60 + Number(minute),
    text: `${year}-${month}-${day}T${hour}:${minute}`,
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
}
