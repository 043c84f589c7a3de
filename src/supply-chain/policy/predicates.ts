import { z } from 'zod';
import { RATINGS, ratingOf } from '../vulnerabilities/severity.ts';
import type { SourceClaim } from './claim.ts';
import { OVERRIDES, ROLLOUT } from './own-identity.ts';
import type { Severity } from './policy.ts';

const text = z.string().max(4096);
const instant = z.iso.datetime({ offset: true }).transform((said) => Date.parse(said));

/** Where a commit is, as in SPDX: `git+https://example.com/acme/shop@refs/heads/main`. */
const GIT_ADDRESS = /^git\+(?<repository>.+?)(?:@(?<ref>[^@/]+|refs\/[^@]+))?$/;

const gitDependency = z
  .object({
    uri: text.exactOptional(),
    digest: z.object({ gitCommit: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/) }),
  })
  .transform(({ uri = '', digest }): SourceClaim => {
    const { repository, ref = null } = GIT_ADDRESS.exec(uri)?.groups ?? {};
    return { repository: repository?.replace(/\.git$/, '') ?? null, ref, commit: digest.gitCommit };
  });

/** What else there is among dependencies is of no matter, whatever it looks like. */
const sources = z
  .array(z.unknown())
  .transform((all) =>
    all.flatMap((each): readonly SourceClaim[] => {
      const read = gitDependency.safeParse(each);
      return read.success ? [read.data] : [];
    }),
  )
  .catch([]);

/** Our own builder says what of a checkout was changed. */
const changedFiles = z
  .object({ git: z.object({ changedFiles: z.int().min(0) }) })
  .transform(({ git }) => git.changedFiles)
  .nullable()
  .catch(null);

/** SLSA provenance 1. */
export const provenancePredicate = z
  .object({
    buildDefinition: z.object({
      buildType: text,
      externalParameters: z.record(z.string(), z.unknown()),
      internalParameters: changedFiles,
      resolvedDependencies: sources,
    }),
    runDetails: z.object({
      builder: z.object({ id: text }),
      metadata: z
        .object({ startedOn: instant.exactOptional(), finishedOn: instant.exactOptional() })
        .exactOptional(),
    }),
  })
  .transform(({ buildDefinition, runDetails: { builder, metadata } }) => ({
    kind: 'provenance' as const,
    builder: builder.id,
    buildType: buildDefinition.buildType,
    externalParameters: buildDefinition.externalParameters,
    builtAt: metadata?.finishedOn ?? metadata?.startedOn ?? null,
    sources: buildDefinition.resolvedDependencies,
    changedFiles: buildDefinition.internalParameters,
  }));

/** CycloneDX, as far as the policy wants to know. */
export const cyclonedxPredicate = z
  .object({
    bomFormat: z.literal('CycloneDX'),
    specVersion: z.string().max(16),
    components: z.array(z.unknown()).default([]),
  })
  .transform(({ specVersion, components }) => ({
    kind: 'sbom' as const,
    format: `CycloneDX ${specVersion}`,
    components: components.length,
  }));

/** SPDX 2. */
export const spdxPredicate = z
  .object({ spdxVersion: z.string().max(16), packages: z.array(z.unknown()).default([]) })
  .transform(({ spdxVersion, packages }) => ({
    kind: 'sbom' as const,
    format: spdxVersion,
    components: packages.length,
  }));

/** in-toto's predicate for scans of vulnerabilities. */
export const scanPredicate = z
  .object({
    scanner: z.object({
      uri: text,
      version: text.exactOptional(),
      db: z.object({ lastUpdate: instant.exactOptional() }),
      result: z
        .array(
          z.object({
            id: text,
            severity: z.array(z.object({ method: text, score: text })).default([]),
            annotations: z.array(z.record(z.string(), z.unknown())).default([]),
          }),
        )
        .max(100_000),
    }),
    metadata: z.object({ scanFinishedOn: instant }),
  })
  .transform(({ scanner, metadata }) => ({
    kind: 'scan' as const,
    scanner: scannerName(scanner),
    finishedAt: metadata.scanFinishedOn,
    databaseAt: scanner.db.lastUpdate ?? null,
    vulnerabilities: scanner.result.map(({ id, severity, annotations }) => ({
      id,
      aliases: aliasesOf(annotations),
      severity: worstOf(severity.map(({ score }) => score)),
      component: componentOf(annotations),
    })),
  }));

function scannerName({ uri, version }: { readonly uri: string; readonly version?: string }): string {
  return version === undefined || uri.endsWith(version) ? uri : `${uri} ${version}`;
}

/** Words for "nobody has rated it". */
const UNRATED: readonly string[] = ['', 'unknown', 'unassigned'];

/** The worst that anybody says; null when nobody has rated it. */
function worstOf(scores: readonly string[]): Severity | null {
  const rated = scores.filter((score) => !UNRATED.includes(score.trim().toLowerCase())).map(ratingOf);
  return RATINGS.findLast((rating) => rated.includes(rating)) ?? null;
}

function componentOf(annotations: readonly Readonly<Record<string, unknown>>[]): string | null {
  const purl = annotations.map((each) => each['purl']).find((each) => typeof each === 'string');
  return typeof purl === 'string' ? purl : null;
}

function aliasesOf(annotations: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return annotations
    .flatMap(({ aliases }): readonly unknown[] => (Array.isArray(aliases) ? aliases : []))
    .filter((alias) => typeof alias === 'string');
}

const identified = z.object({
  '@id': text.exactOptional(),
  identifiers: z.record(z.string(), text).exactOptional(),
});

/** OpenVEX. A statement without a time has that of its document. */
export const exceptionPredicate = z
  .object({
    timestamp: instant,
    statements: z
      .array(
        z.object({
          vulnerability: z.object({ name: text, aliases: z.array(text).default([]) }),
          products: z
            .array(identified.extend({ subcomponents: z.array(identified).default([]) }))
            .default([]),
          status: text,
          justification: text.exactOptional(),
          timestamp: instant.exactOptional(),
          last_updated: instant.exactOptional(),
        }),
      )
      .max(10_000),
  })
  .transform(({ timestamp, statements }) => ({
    kind: 'exception' as const,
    statements: statements.map(({ vulnerability, products, status, justification = null, ...times }) => ({
      vulnerability: vulnerability.name,
      aliases: vulnerability.aliases,
      products: products.map((product) => ({
        ids: idsOf(product),
        components: product.subcomponents.flatMap(idsOf),
      })),
      status,
      justification,
      at: times.last_updated ?? times.timestamp ?? timestamp,
    })),
  }));

function idsOf({ '@id': id, identifiers = {} }: z.infer<typeof identified>): readonly string[] {
  return [...(id === undefined ? [] : [id]), ...Object.values(identifiers)];
}

/** Our field for what else there is to know of a rollout. Older engines say nothing of what ran. */
const rolloutField = z
  .object({
    targets: z.array(z.object({ name: text, runningDigest: text.nullable().exactOptional() })).max(1000),
  })
  .transform(({ targets }) => {
    if (targets.every(({ runningDigest }) => runningDigest === undefined)) return null;
    return targets.map(({ name, runningDigest = null }) => ({ target: name, digest: runningDigest }));
  });

/** SLSA verification summary 1, with our fields for what people overruled and for the rollout. */
export const verdictPredicate = z
  .object({
    verifier: z.object({ id: text }),
    timeVerified: instant,
    resourceUri: text,
    policy: z.object({ digest: z.object({ sha256: text.exactOptional() }).exactOptional() }).exactOptional(),
    verificationResult: z.enum(['PASSED', 'FAILED']),
    verifiedLevels: z.array(text).default([]),
    [OVERRIDES]: z.array(text).default([]),
    [ROLLOUT]: rolloutField.exactOptional(),
  })
  .transform(({ verifier, policy, ...said }) => ({
    kind: 'verdict' as const,
    verifier: verifier.id,
    resourceUri: said.resourceUri,
    result: said.verificationResult,
    verifiedAt: said.timeVerified,
    policy: policy?.digest?.sha256 === undefined ? null : `sha256:${policy.digest.sha256}`,
    levels: said.verifiedLevels,
    ran: said[ROLLOUT] ?? null,
    overrides: said[OVERRIDES],
  }));
