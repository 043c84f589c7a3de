import type { ScannedPackage } from './scanned-package.ts';
import type { Severity } from './severity.ts';

/** A vulnerability in a package of the image. */
export interface Finding extends Severity {
  /** The id that most people know it by: of its CVE, or else of GitHub's advisory, or else of any. */
  readonly id: string;
  /** All its other ids, in order. */
  readonly aliases: readonly string[];
  readonly package: ScannedPackage;
  /** Version in which it is fixed, above the one that is installed; null if there is none. */
  readonly fixed: string | null;
  /** In one line; empty if the advisories have none. */
  readonly summary: string;
}
