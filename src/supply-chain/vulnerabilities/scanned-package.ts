import type { AskedVersion } from './affects.ts';

/** A package as advisories are asked about it. */
export interface ScannedPackage extends AskedVersion {
  /** Its package URL in the bill of materials. */
  readonly purl: string;
  /** As people know it. */
  readonly title: string;
  /** Version as it is installed; of a Debian package that may be another than that of its source. */
  readonly installed: string;
  /** Name by which advisories know it: for Debian that of the source package. In lower case. */
  readonly name: string;
  /** Release of Debian: `12`; null for others. */
  readonly release: string | null;
}

/** A part of the image that is not scanned, and why. */
export interface NotScanned {
  readonly what: string;
  readonly why: string;
  /** Whether a scan without it is no whole scan. Programs without a package are only named: no database knows them all. */
  readonly isGap: boolean;
}
