import type { Severity } from './policy.ts';

const ORDER: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

/** What nobody has rated counts as high: it may be. */
export function ratedAs(severity: Severity | null): Severity {
  return severity ?? 'high';
}

/** Whether it is as bad as the limit, or worse. */
export function isAtLeast(severity: Severity | null, limit: Severity): boolean {
  return ORDER.indexOf(ratedAs(severity)) >= ORDER.indexOf(limit);
}
