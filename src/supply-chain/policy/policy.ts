import { z } from 'zod';
import { trustedSigner } from '../verification/trust.ts';

/**
 * What an image must bring to be let into an environment. Plain data, resolved from the configuration when a rollout
 * begins and part of its plan. Durations in milliseconds.
 */

const severity = z.enum(['low', 'medium', 'high', 'critical']);

/** How bad a vulnerability is. What nobody has rated counts as high. */
export type Severity = z.infer<typeof severity>;

/** Names of trusted signers, of which one is enough. */
const signers = z.array(z.string()).min(1);

const signatureRule = z.strictObject({ evidence: z.literal('signature'), signers });

const provenanceRule = z.strictObject({
  evidence: z.literal('provenance'),
  signers,
  /** `builder.id`s that are accepted. */
  builders: z.array(z.string()).min(1),
  /** `buildType`s that are accepted. */
  buildTypes: z.array(z.string()).min(1),
  /** What the build must have been asked for: exact values of `externalParameters`, by their path with dots. Parameters beside these are refused. */
  parameters: z.record(z.string(), z.array(z.string()).min(1).nullable()),
  /** Which repository a commit must be from that the image was built of, and by which refs; null for any ref. */
  source: z
    .strictObject({
      repositories: z.array(z.string()).min(1),
      refs: z.array(z.string()).min(1).nullable(),
    })
    .exactOptional(),
});

const sbomRule = z.strictObject({ evidence: z.literal('sbom'), signers });

const scanRule = z.strictObject({
  evidence: z.literal('scan'),
  signers,
  /** How old the scan may be, and the data that it was made with. */
  maxAge: z.number(),
  maxDatabaseAge: z.number(),
  /** Vulnerabilities of this severity or a higher one are refused. */
  failOn: severity,
  /** Who may say that a vulnerability does not matter here (OpenVEX), and how old that may be; null if nobody may. */
  exceptions: z.strictObject({ signers, maxAge: z.number() }).nullable(),
});

const verdictRule = z.strictObject({
  evidence: z.literal('verdict'),
  signers,
  service: z.string(),
  /** The environment in which the image must have been promoted. */
  environment: z.string(),
  /** `verifier.id` that goes with these signers. */
  verifier: z.string(),
  /** How long ago that must have been at least. */
  soak: z.number(),
  /** `verifiedLevels` that it must have. */
  levels: z.array(z.string()).default([]),
  /** Digests of policies by which it may have been let in there; null for any. */
  policies: z.array(z.string()).nullable(),
});

const rule = z.discriminatedUnion('evidence', [
  signatureRule,
  provenanceRule,
  sbomRule,
  scanRule,
  verdictRule,
]);

export const policy = z.strictObject({
  /** Whether an image that does not meet the rules is refused, or only reported. */
  mode: z.enum(['enforce', 'warn']),
  /** Registry and repository that images may come from. */
  repositories: z.array(z.string()).min(1),
  platform: z.strictObject({ os: z.string(), architecture: z.string() }),
  signers: z.array(trustedSigner),
  rules: z.array(rule).min(1),
});

export type Policy = z.infer<typeof policy>;
export type Rule = z.infer<typeof rule>;
export type RuleOf<Kind extends Rule['evidence']> = Extract<Rule, { evidence: Kind }>;
