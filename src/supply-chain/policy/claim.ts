import type { Instant } from '../../core/time.ts';
import type { Severity } from './policy.ts';

/** A commit that went into an image, as far as its provenance says. */
export interface SourceClaim {
  /** `https://example.com/acme/shop`, without `.git`. */
  readonly repository: string | null;
  /** `refs/heads/main` */
  readonly ref: string | null;
  readonly commit: string;
}

/** What a build says about itself. */
export interface ProvenanceClaim {
  readonly kind: 'provenance';
  readonly builder: string;
  readonly buildType: string;
  readonly externalParameters: Readonly<Record<string, unknown>>;
  readonly builtAt: Instant | null;
  /** Commits among what it was built of. */
  readonly sources: readonly SourceClaim[];
  /** How many files were not as in the commit that they come from; null if nothing is said of that. */
  readonly changedFiles: number | null;
}

export interface SbomClaim {
  readonly kind: 'sbom';
  /** `CycloneDX 1.6`. */
  readonly format: string;
  readonly components: number;
}

/** A vulnerability that a scan found in a component. */
export interface FoundVulnerability {
  readonly id: string;
  readonly aliases: readonly string[];
  /** Null when nobody has rated it. */
  readonly severity: Severity | null;
  /** Package URL of what is vulnerable; null where the scanner does not say. */
  readonly component: string | null;
}

export interface ScanClaim {
  readonly kind: 'scan';
  readonly scanner: string;
  readonly finishedAt: Instant;
  /** Of the data it was made with; null if it does not say. */
  readonly databaseAt: Instant | null;
  readonly vulnerabilities: readonly FoundVulnerability[];
}

/** What somebody says about one vulnerability in some products (OpenVEX). */
export interface ExceptionStatement {
  readonly vulnerability: string;
  readonly aliases: readonly string[];
  /** Identifiers: package URLs and others. Empty when the subject of the attestation is meant. */
  readonly products: readonly { readonly ids: readonly string[]; readonly components: readonly string[] }[];
  readonly status: string;
  readonly justification: string | null;
  readonly at: Instant;
}

export interface ExceptionClaim {
  readonly kind: 'exception';
  readonly statements: readonly ExceptionStatement[];
}

/** That an image was promoted somewhere, or failed there (SLSA verification summary). */
export interface VerdictClaim {
  readonly kind: 'verdict';
  readonly verifier: string;
  readonly resourceUri: string;
  readonly result: 'PASSED' | 'FAILED';
  readonly verifiedAt: Instant;
  /** Digests of the policy that was applied, with their algorithm: `sha256:…`. */
  readonly policy: string | null;
  readonly levels: readonly string[];
  /**
   * What was read back from each target at the end of a rollout; null in place of a digest where nothing was. Null where the
   * verdict does not speak of that.
   */
  readonly ran: readonly { readonly target: string; readonly digest: string | null }[] | null;
  /** What was overruled by people there, for people. */
  readonly overrides: readonly string[];
}

/** What a statement says, as far as the policy wants to know. */
export type Claim =
  | { readonly kind: 'signature' }
  | ProvenanceClaim
  | SbomClaim
  | ScanClaim
  | ExceptionClaim
  | VerdictClaim;

export type ClaimKind = Claim['kind'];
