import { z } from 'zod';
import { duration } from './duration.ts';
import { exact, exactList, imageName } from './exact.ts';
import { trustSchema } from './trust-schema.ts';
import { uniqueNames } from './plan-schema.ts';
import { repositoryAddress } from '../supply-chain/attestations/repository-address.ts';

const signers = z
  .array(exact())
  .min(1, { error: 'must name at least one signer of `trust`' })
  .describe('Names of trusted signers. One of them is enough.');

const repository = exact().refine(isRepository);

const source = z.strictObject({
  repository: z
    .union([repository.transform((one) => [one]), z.array(repository).min(1)], {
      error:
        'must be the address of a repository as provenance has it, without login, `.git` and slash at the end ("https://github.com/acme/shop", "ssh://git@example.com/acme/shop"), or a list of them',
    })
    .describe(
      'Address of the repository, such as "https://github.com/acme/shop", or a list of them. The provenance must name a commit of one of them; what was built of changed files names none.',
    ),
  refs: exactList()
    .exactOptional()
    .describe('Branches and tags that may have been checked out, such as "refs/heads/main". Without: any.'),
});

const provenance = z.strictObject({
  signers: signers.exactOptional(),
  builders: exactList()
    .exactOptional()
    .describe('Values of `builder.id` that are accepted. Without: those that go with the signers.'),
  buildTypes: exactList()
    .exactOptional()
    .describe('Values of `buildType` that are accepted. Without: those that go with the signers.'),
  parameters: z
    .record(z.string().min(1), z.union([exact(), exactList(), z.null()]))
    .exactOptional()
    .describe(
      'What the build must have been asked for: values of `externalParameters`, by their path with dots. null accepts any value. Parameters beside these are refused.',
    ),
  source: source
    .exactOptional()
    .describe('Which source the image must have been built of, by `resolvedDependencies`. Without: any.'),
});

const exceptions = z.strictObject({
  signers: signers
    .exactOptional()
    .describe('Who may say that a vulnerability does not matter here. Without: `security`.'),
  maxAge: duration('1m')
    .exactOptional()
    .describe('How old an exception may be. Without: "90d". After that it has to be made anew.'),
});

const scan = z.strictObject({
  signers: signers.exactOptional(),
  maxAge: duration('1m').exactOptional().describe('How old the scan may be. Without: "24h".'),
  maxDatabaseAge: duration('1m')
    .exactOptional()
    .describe('How old the data may be that it was made with. Without: "7d".'),
  failOn: z
    .enum(['low', 'medium', 'high', 'critical'])
    .exactOptional()
    .describe(
      'Vulnerabilities of this severity or a higher one are refused; what nobody has rated counts as high. Without: "high".',
    ),
  exceptions: z
    .union([z.literal(false), exceptions])
    .exactOptional()
    .describe('Who may make exceptions (OpenVEX). false: nobody.'),
});

const verdict = z.strictObject({
  signers: signers
    .exactOptional()
    .describe('Who says so. Without: the engine of that environment, by its own key.'),
  verifier: exact()
    .exactOptional()
    .describe('The `verifier.id` that goes with these signers. Without: that of this engine.'),
  soak: duration('0s')
    .exactOptional()
    .describe('How long the image must have been promoted there. Without: "0s".'),
  levels: exactList().exactOptional().describe('`verifiedLevels` that the verdict must have.'),
  policies: z
    .array(z.string().regex(/^sha256:[0-9a-f]{64}$/, { error: 'must be "sha256:" and 64 hex digits' }))
    .min(1)
    .exactOptional()
    .describe('Digests of policies by which it may have been let in there. Without: any.'),
});

const require = z.strictObject({
  signature: z
    .union([z.literal(false), signers])
    .exactOptional()
    .describe('Who must have signed the image.'),
  provenance: z
    .union([z.literal(false), provenance])
    .exactOptional()
    .describe('Where, how and from what the image must have been built (SLSA provenance).'),
  sbom: z
    .union([z.literal(false), signers])
    .exactOptional()
    .describe('Who must have listed what is in the image.'),
  scan: z
    .union([z.literal(false), scan])
    .exactOptional()
    .describe('How fresh a scan for known vulnerabilities there must be, and what it may have found.'),
  verdict: z
    .union([z.literal(false), verdict])
    .exactOptional()
    .describe('The promotion in the environment before this one (`after`) that there must have been.'),
});

const settings = z.strictObject({
  trust: z
    .array(trustSchema)
    .superRefine((trust, context) => uniqueNames(trust, context))
    .exactOptional()
    .describe(
      'Whose signatures are believed. There already are `build`, `security` and `engine-<environment>`: keys that are made in `keys` of the state directory when they are first used.',
    ),
  images: z
    .array(imageName)
    .min(1)
    .exactOptional()
    .describe(
      'Registry and repository that images may come from. Without: `registry/<service>`, the built-in one.',
    ),
  platform: z
    .string()
    .regex(/^[a-z0-9]+\/[a-z0-9]+$/, { error: 'must be a platform such as "linux/amd64"' })
    .exactOptional()
    .describe('Operating system and processor that images are for. Without: "linux/amd64".'),
  mode: z
    .enum(['enforce', 'warn'])
    .exactOptional()
    .describe(
      'warn: an image that does not meet the rules is let in all the same, and reported. Not for production.',
    ),
  verdictKey: z
    .strictObject({ kms: z.string().min(1).describe('ARN of a key, or of an alias for it.') })
    .exactOptional()
    .describe(
      'Key in AWS KMS (ECC_NIST_P256) that the engine signs its verdicts with. Without: `engine-<environment>`, a key of this machine.',
    ),
  require: require.exactOptional().describe('What images must bring. false drops a rule.'),
});

/** What images must bring to be let in, as it is written. Defaults are filled in when it is resolved. */
export const supplyChainSchema = z.union([z.literal(false), settings]);

function isRepository(text: string): boolean {
  return repositoryAddress(text) === text;
}

export type SupplyChain = z.infer<typeof settings>;
export type Requirements = NonNullable<SupplyChain['require']>;
