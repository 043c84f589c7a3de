import { printable } from '../../core/printable.ts';
import { type Instant, type Milliseconds, sayDuration } from '../../core/time.ts';
import type { Finding } from '../../supply-chain/vulnerabilities/finding.ts';
import type { ScanResult } from '../../supply-chain/vulnerabilities/scan.ts';
import { type Rating, RATINGS } from '../../supply-chain/vulnerabilities/severity.ts';
import { paint, table } from '../view/format.ts';
import { wrap } from '../view/wrap.ts';

/** A finding, and why it does not count here, if so. */
export interface JudgedFinding {
  readonly finding: Finding;
  readonly exception: string | null;
}

const HEADINGS = ['SEVERITY', 'ID', 'PACKAGE', 'INSTALLED', 'FIXED IN', 'TITLE'];

const STYLES = {
  critical: 'magenta',
  high: 'red',
  unknown: 'red',
  medium: 'yellow',
  low: 'dim',
} as const satisfies Readonly<Record<Rating, string>>;

/** What was found, in a table, and what was not looked at. */
export function scanReport(
  result: ScanResult,
  judged: readonly JudgedFinding[],
  now: Instant,
  width: number,
): string {
  const blocks = [
    ...(judged.length === 0 ? [] : [table([HEADINGS, ...judged.map((each) => row(each, width))])]),
    ...judged.flatMap(({ finding, exception }) =>
      exception === null
        ? []
        : [wrap(`· ${printable(finding.id)} is excepted: ${printable(exception)}.`, width, '  ')],
    ),
    ...result.notScanned
      .filter(({ isGap }) => !isGap)
      .map(({ what, why }) => wrap(`· ${printable(what)} was not scanned: ${why}.`, width, '  ')),
    ...result.gaps.map((gap) => paint('yellow', wrap(`! ${sentence(printable(gap))}`, width, '  '))),
    summary(result, judged, now),
  ];
  return blocks.join('\n');
}

function row({ finding, exception }: JudgedFinding, width: number): readonly string[] {
  const { rating, id, package: about, fixed, summary: title } = finding;
  const severity = exception === null ? paint(STYLES[rating], rating) : paint('dim', 'excepted');
  const cells = [id, about.title, about.installed, fixed ?? 'no fix'].map(printable);
  const room = Math.max(20, width - 10 - cells.join('  ').length);
  return [severity, ...cells, shortened(printable(title), room)];
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function summary({ packages, database }: ScanResult, judged: readonly JudgedFinding[], now: Instant): string {
  const counted = judged.filter(({ exception }) => exception === null);
  const counts = ['unknown' as const, ...RATINGS].toReversed().flatMap((rating) => {
    const { length } = counted.filter(({ finding }) => finding.rating === rating);
    return length === 0 ? [] : [`${length} ${rating}`];
  });
  const excepted = judged.length - counted.length;
  const found =
    counts.length === 0 ? 'No known vulnerability' : `Known vulnerabilities: ${counts.join(', ')}`;
  const exceptions = excepted === 0 ? '' : ` (and ${excepted} excepted)`;
  const [looked, by] = [count(packages, 'package'), count(database.advisories, 'advisory', 'advisories')];
  return `${found}${exceptions} in ${looked}, by ${by} as of ${sayAge(Math.max(0, now - database.lastUpdate))} ago.`;
}

const DAY = 24 * 60 * 60 * 1000;

function sayAge(age: Milliseconds): string {
  return age < 2 * DAY ? sayDuration(age) : count(Math.floor(age / DAY), 'day');
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
