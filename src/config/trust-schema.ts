import { z } from 'zod';
import { exact, exactList } from './exact.ts';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,60}$/, { error: 'must be lower-case letters, digits and dashes, at most 61' })
  .describe('What rules call this signer.');

const DAY_RULE = 'must be a day or time such as "2026-05-01" or "2026-05-01T12:00:00Z"';

const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/, { error: DAY_RULE })
  .transform((text) => Date.parse(text))
  .refine((time) => Number.isFinite(time), { error: DAY_RULE });

const file = z.string().min(1);

/** Somebody with a key: a laptop, a server, a KMS. */
const keyHolder = z
  .strictObject({
    name,
    key: z
      .union([file.transform((text) => [text]), z.array(file).min(1)])
      .describe('Public keys (PEM), as paths from the directory of this file. One of them is enough.'),
    from: day.exactOptional().describe('When its signatures begin to count.'),
    until: day.exactOptional().describe('When they cease to.'),
  })
  .refine(({ from, until }) => from === undefined || until === undefined || from < until, {
    path: ['until'],
    error: 'must be after `from`',
  });

const sigstore = {
  sigstore: z
    .string()
    .min(1)
    .default('public')
    .describe(
      'The Sigstore instance: "public", "github" (what GitHub uses for private repositories), or the path of a trusted root document.',
    ),
  trustedRoot: file
    .exactOptional()
    .describe('The trusted root document, where it is not the one that is built in.'),
};

const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';
const WORKFLOW = /^[\w.-]+\/[\w.-]+\/\.github\/workflows\/[\w.-]+\.ya?ml$/;

/** A workflow of GitHub Actions. */
const workflow = z.strictObject({
  name,
  workflow: exact()
    .regex(WORKFLOW, { error: 'must be a path such as "acme/shop/.github/workflows/release.yml"' })
    .describe('The workflow that signs, with its repository.'),
  refs: exactList().describe('Branches and tags from which it counts: "refs/heads/main".'),
  repository: exact()
    .regex(/^[\w.-]+\/[\w.-]+$/, { error: 'must be owner and repository, such as "acme/shop"' })
    .exactOptional()
    .describe(
      'Whose repository must have run it, for workflows that others may call. Without: that of the workflow.',
    ),
  repositoryRefs: exactList()
    .exactOptional()
    .describe(
      'Branches and tags of that repository from which it must have been run. Needed with `repository`; without, it is the one that the workflow itself is from.',
    ),
  repositoryId: id().exactOptional().describe('The number of that repository, which no other ever has.'),
  ownerId: id().exactOptional().describe('The number of its owner.'),
  issuer: exact().default(GITHUB_ISSUER).describe('Who vouches for the workflow.'),
  ...sigstore,
});

/** Anybody else with an identity that Sigstore knows. */
const subject = z.strictObject({
  name,
  subject: exact()
    .refine((text) => !text.includes('/.github/workflows/'), {
      error:
        'is a workflow of GitHub Actions, which others may be able to call: write it as `workflow` with `refs`, so that it is checked who ran it',
    })
    .describe('The subject of its certificates: an address, or a URL.'),
  issuer: exact().describe('Who vouches for it: URL of the OpenID provider.'),
  ...sigstore,
});

export const trustSchema = z.union([keyHolder, workflow, subject], {
  error: 'must have `key`, or `workflow` and `refs`, or `subject` and `issuer`',
});

export type Trust = z.infer<typeof trustSchema>;
export type KeyHolder = z.infer<typeof keyHolder>;
export type Workflow = z.infer<typeof workflow>;

function id() {
  return z.string().regex(/^\d+$/, { error: 'must be a number in quotes, such as "123456"' });
}
