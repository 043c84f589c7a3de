import { z } from 'zod';

/**
 * Whose signatures are believed. Plain data: it is resolved from the configuration when a rollout begins, is part of
 * the rollout's plan, and is read back from there. Every signer has a name, which the rules of the policy use.
 */

/** A public key, and when it may be used. Instants in milliseconds; null for no limit. */
const trustedKey = z.strictObject({
  /** SPKI in PEM. */
  publicKey: z.string(),
  from: z.number().nullable().default(null),
  until: z.number().nullable().default(null),
});

/** Somebody who signs with a key: a laptop, or a key in a KMS. Needs no log. */
const keySigner = z.strictObject({
  kind: z.literal('key'),
  name: z.string(),
  /** One of them is enough. None: the key has not been made yet, and nothing counts. */
  keys: z.array(trustedKey),
});

/** Exactly who may have signed; every part that is given must be equal, and there are no patterns. */
const identity = z.strictObject({
  /** Subject alternative name of the certificate; of a workflow its path and ref: `https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main`. */
  subject: z.string(),
  /** URL of who says so: `https://token.actions.githubusercontent.com`. */
  issuer: z.string(),
  /** For workflows that others may call: whose repository ran it. From the extensions of Fulcio's certificates. */
  sourceRepositoryId: z.string().nullable().default(null),
  sourceRepositoryOwnerId: z.string().nullable().default(null),
  sourceRepository: z.string().nullable().default(null),
  /** The branch or tag there from which it was run: a trusted workflow builds whatever its caller has checked out. */
  sourceRepositoryRef: z.string().nullable().default(null),
});

/** Somebody who signs with certificates of a Sigstore instance. */
const keylessSigner = z.strictObject({
  kind: z.literal('keyless'),
  name: z.string(),
  /** A Sigstore TrustedRoot document. */
  trustedRoot: z.unknown(),
  /** How many entries in a log, timestamps of certificate logs, and timestamps there must be. Public Sigstore: 1, 1, 1; GitHub's for private repositories: 0, 0, 1. */
  thresholds: z.strictObject({
    log: z.int().min(0),
    certificateLog: z.int().min(0),
    timestamp: z.int().min(0),
  }),
  identities: z.array(identity).min(1),
});

export const trustedSigner = z.discriminatedUnion('kind', [keySigner, keylessSigner]);

export type TrustedSigner = z.infer<typeof trustedSigner>;
export type KeySigner = z.infer<typeof keySigner>;
export type KeylessSigner = z.infer<typeof keylessSigner>;
export type Identity = z.infer<typeof identity>;
