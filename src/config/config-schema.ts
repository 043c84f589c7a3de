import { z } from 'zod';
import { isReleaseName, RELEASE_NAME_RULE } from './release-name.ts';
import { duration } from './duration.ts';
import { planSchema, uniqueNames } from './plan-schema.ts';
import { isProduction } from './effective-supply-chain.ts';
import { registriesSchema } from './registries-schema.ts';
import { supplyChainSchema } from './supply-chain-schema.ts';
import { conditions } from './conditions-schema.ts';
import { localTarget } from './targets/local.ts';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, { error: 'must be lower-case letters, digits and dashes, at most 41' });

const command = z
  .union([z.string().regex(/\S/), z.array(z.string()).min(1)], {
    error:
      'must be a command line such as "node server.js", or a list of words such as ["node", "server.js"]',
  })
  .describe(
    'What is started. A text is run by /bin/sh; a list is run as it is. `{release}` stands for the release.',
  );

const cwd = z
  .string()
  .describe('Working directory, from the directory of this file. `{release}` stands for the release.');

const env = z
  .record(z.string(), z.string())
  .describe(
    'Environment variables besides those of the shell. PORT is always set. `{release}` stands for the release.',
  );

const run = z.strictObject({ command, cwd: cwd.default('.'), env: env.default({}) });

/** Without defaults: what a release does not say, `run` does. */
const ownRun = z.strictObject({
  command: command.exactOptional(),
  cwd: cwd.exactOptional(),
  env: env.exactOptional(),
});

const target = z.discriminatedUnion('kind', [localTarget], {
  error: 'must be one of the kinds of target: "local"',
});

const environment = z.strictObject({
  name,
  targets: z
    .array(target)
    .min(1, { error: 'must have at least one target' })
    .superRefine((targets, context) => {
      uniqueNames(targets, context);
      differentAddresses(targets, context);
    })
    .describe('Where the service runs. All targets move together.'),
  plan: planSchema.prefault({}).describe('How a rollout goes here.'),
  ...conditions,
  production: z
    .boolean()
    .default(false)
    .describe(
      'Whether users depend on it. Environments with "prod" or "production" in their name, such as "prod-eu", always are production.',
    ),
  after: z
    .union([name, z.literal(false)], { error: 'must be the name of an environment, or false' })
    .exactOptional()
    .describe(
      'The environment, listed before, in which a release must have been promoted. Without: of images, the one that is listed before. false: none.',
    ),
  soak: duration('0s')
    .prefault('0s')
    .describe('How long ago the release must have been promoted in the environment before.'),
  supplyChain: supplyChainSchema
    .exactOptional()
    .describe('What images must bring here, where it differs. false: commands may be deployed as well.'),
});

/** The whole configuration, as it is written. */
export const configSchema = z
  .strictObject({
    $schema: z.string().exactOptional().describe('For editors: where the JSON Schema of this file is.'),
    service: name.describe('What the service is called.'),
    state: z
      .string()
      .min(1)
      .default('.canary')
      .describe('Directory for state, journal and logs, from the directory of this file.'),
    run: run.exactOptional().describe('What a release is, for releases that `releases` says nothing about.'),
    releases: z
      .record(z.string().refine(isReleaseName, { error: RELEASE_NAME_RULE }), ownRun)
      .default({})
      .describe('What single releases are, where they differ from `run`.'),
    registries: registriesSchema
      .default({})
      .describe(
        'How single registries are used, by the name that images give them, where it differs from the usual.',
      ),
    environments: z
      .array(environment)
      .min(1, { error: 'must have at least one environment' })
      .superRefine((environments, context) => uniqueNames(environments, context))
      .describe('The environments, in the order in which a release passes through them.'),
    supplyChain: supplyChainSchema
      .exactOptional()
      .describe(
        'What images must bring to be let in. {} is enough: signature, provenance, SBOM and scan, by the keys of this machine; and only images may be deployed then. false, or nothing: commands may be deployed as well, and images need the same.',
      ),
  })
  .superRefine((config, context) => {
    soundOrder(config.environments, context);
    noWarningsInProduction(config, context);
  });

/** A configuration as a person writes it. */
export type ConfigInput = z.input<typeof configSchema>;
/** A configuration that has been checked, with all defaults. */
export type Config = z.infer<typeof configSchema>;
export type Environment = Config['environments'][number];

type Issues = { addIssue(issue: { code: 'custom'; path: (string | number)[]; message: string }): void };

function differentAddresses(targets: readonly z.infer<typeof target>[], context: Issues): void {
  const seen = new Map<string, string>();
  for (const [index, each] of targets.entries()) {
    const address = `${each.listen.host}:${each.listen.port}`;
    const other = seen.get(address);
    seen.set(address, each.name);
    if (other === undefined) continue;
    context.addIssue({
      code: 'custom',
      path: [index, 'listen'],
      message: `${address} is where "${other}" listens already`,
    });
  }
}

/** Whatever must come before is listed before, so that there are no circles; and only after something one can wait. */
function soundOrder(environments: readonly Environment[], context: Issues): void {
  const names = environments.map((each) => each.name);
  for (const [index, { after, soak }] of environments.entries()) {
    const earlier = names.slice(0, index);
    const isFirst = after === false || (after === undefined && index === 0);
    if (typeof after === 'string' && !earlier.includes(after)) {
      const choice = earlier.length === 0 ? 'none is' : `there are: ${earlier.join(', ')}`;
      const message = `must name an environment that is listed before this one; ${choice}`;
      context.addIssue({ code: 'custom', path: ['environments', index, 'after'], message });
    }
    if (soak > 0 && isFirst) {
      const message = 'must not be set where no environment comes before: set `after` as well';
      context.addIssue({ code: 'custom', path: ['environments', index, 'soak'], message });
    }
  }
}

type WholeConfig = { readonly environments: readonly Environment[]; readonly supplyChain?: Supplied };
type Supplied = z.infer<typeof supplyChainSchema>;

/** Where users depend on it, an image that does not bring what it must is refused. */
function noWarningsInProduction({ environments, supplyChain }: WholeConfig, context: Issues): void {
  for (const [index, each] of environments.entries()) {
    const own = modeOf(each.supplyChain);
    if ((own ?? modeOf(supplyChain)) !== 'warn' || !isProduction(each)) continue;
    const path = own === undefined ? ['supplyChain', 'mode'] : ['environments', index, 'supplyChain', 'mode'];
    const message = `must not be "warn" for ${each.name}, which is production: set \`mode: 'enforce'\` there`;
    context.addIssue({ code: 'custom', path, message });
  }
}

function modeOf(supplyChain: Supplied | undefined): 'enforce' | 'warn' | undefined {
  return supplyChain === undefined || supplyChain === false ? undefined : supplyChain.mode;
}
