import { stripVTControlCharacters, styleText } from 'node:util';
import type { VerdictKind } from '../../core/rollout.ts';
import type { Instant } from '../../core/time.ts';

type Style = Parameters<typeof styleText>[0];

/** Text in a colour, where the terminal shows colours. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout, validateStream: true });
}

/** Time of day where the machine is, as `09:05:03`. Not by the locale, which takes longer to load than all the rest. */
export function timeOfDay(instant: Instant): string {
  const date = new Date(instant);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

/** Day and time of day, as `2026-01-05 09:05:03`. */
export function dayAndTime(instant: Instant): string {
  const date = new Date(instant);
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join('-');
  return `${day} ${timeOfDay(instant)}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

const STYLES: Readonly<Record<VerdictKind, Style>> = {
  promoted: 'green',
  'rolled back': 'red',
  aborted: 'yellow',
  rejected: 'red',
};

/** A status or verdict in the colour that it deserves. */
export function paintStatus(status: string): string {
  const style = Object.hasOwn(STYLES, status) ? STYLES[toVerdict(status)] : 'cyan';
  return paint(style, status);
}

function toVerdict(status: string): VerdictKind {
  return status === 'promoted' || status === 'aborted' || status === 'rejected' ? status : 'rolled back';
}

/** Columns with two spaces between them; the last one of a row is not padded, and rows may be short. Widths without colour codes. */
export function table(rows: readonly (readonly string[])[]): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, index) =>
    Math.max(...rows.map((row) => visibleLength(row[index] ?? ''))),
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) =>
          index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - visibleLength(cell)),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}
