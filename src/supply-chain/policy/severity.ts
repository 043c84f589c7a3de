import type { Severity } from './policy.ts';

const ORDER: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

/** Whether it is as bad as the limit, or worse. What nobody has rated counts as high: it may be. */
export function isAtLeast(severity: Severity | null, limit: Severity): boolean {
  return ORDER.indexOf(severity ?? 'high') >= ORDER.indexOf(limit);
}
