import type { Field, Fields } from './fields.ts';
import type { KnownField } from './known-field.ts';

/**
 * The field lines as received but for those in `dropped` and those that the message names as meant for one hop.
 * Neighbouring lines are cut out as one piece.
 */
export function keptLines(
  fields: Fields,
  dropped: ReadonlySet<KnownField>,
  named: ReadonlySet<string>,
): string {
  let kept = '';
  let runStart = fields.start;
  for (const line of fields.lines) {
    const isDropped =
      (line.known !== null && dropped.has(line.known)) || (named.size > 0 && isNamed(fields, line, named));
    if (!isDropped) continue;
    if (line.nameStart > runStart) kept += fields.text.slice(runStart, line.nameStart);
    runStart = line.end;
  }
  return kept + fields.text.slice(runStart, fields.end - 2);
}

function isNamed(fields: Fields, line: Field, named: ReadonlySet<string>): boolean {
  return named.has(fields.text.slice(line.nameStart, line.nameEnd).toLowerCase());
}
