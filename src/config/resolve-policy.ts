import { ENGINE_VERIFIER, LOCAL_BUILD_TYPE, LOCAL_BUILDER } from '../supply-chain/policy/own-identity.ts';
import { type Policy, policy as policySchema, type RuleOf } from '../supply-chain/policy/policy.ts';
import type { Environment } from './config-schema.ts';
import { SupplyChainError } from '../supply-chain/error.ts';
import type { TrustedSigner } from '../supply-chain/verification/trust.ts';
import { parseTrustedRoot } from '../supply-chain/verification/trusted-root.ts';
import { effectiveSupplyChain, environmentBefore, isProduction } from './effective-supply-chain.ts';
import type { LoadedConfig } from './load.ts';
import { ConfigError, type Problem } from './problems.ts';
import { BUILDER, engineOf, repositoryOf, resolveTrust, SECURITY, subjectOf } from './resolve-trust.ts';
import type { Requirements, SupplyChain } from './supply-chain-schema.ts';
import type { Trust, Workflow } from './trust-schema.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * What an image must bring to be let into the environment: the configuration with its defaults, and the keys and roots that
 * it names, read now. Throws a `ConfigError` with every file that cannot be read and every signer that is not known.
 */
export function resolvePolicy(loaded: LoadedConfig, environment: Environment): Policy {
  const settings = effectiveSupplyChain(loaded.config, environment);
  const problems: Problem[] = [];
  const signers = resolveTrust(loaded, settings.trust ?? [], problems);
  problems.push(...signers.flatMap((signer) => flawOfRoot(signer, environment)));
  const [os = '', architecture = ''] = (settings.platform ?? 'linux/amd64').split('/');
  const rules = rulesOf(loaded, environment, settings, problems);
  const names = signers.map(({ name }) => name);
  for (const rule of rules) {
    const exceptions = rule.evidence === 'scan' ? (rule.exceptions?.signers ?? []) : [];
    const unknown = [...rule.signers, ...exceptions].filter((name) => !names.includes(name));
    problems.push(...unknown.map((name) => unknownSigner(rule.evidence, name, names)));
  }
  if (rules.length === 0) {
    problems.push({ path: 'supplyChain.require', message: 'must leave at least one rule' });
  }
  if (problems.length > 0) throw unusable(environment, problems);
  return policySchema.parse({
    mode: settings.mode ?? 'enforce',
    repositories: settings.images ?? [`registry/${loaded.config.service}`],
    platform: { os, architecture },
    signers,
    rules,
  });
}

/** A root that cannot be used, or that may not be where users depend on it: in the mock anybody may be anybody. */
function flawOfRoot(signer: TrustedSigner, environment: Environment): readonly Problem[] {
  if (signer.kind === 'key' || signer.trustedRoot === null) return [];
  const path = `supplyChain.trust "${signer.name}"`;
  try {
    const { isMock } = parseTrustedRoot(signer.trustedRoot, signer.name);
    if (!isMock || !isProduction(environment)) return [];
    const message = `trusts Sigstore's mock, in which anybody may be anybody, and ${environment.name} is production`;
    return [{ path, message }];
  } catch (error) {
    if (!(error instanceof SupplyChainError)) throw error;
    return [{ path, message: error.message }];
  }
}

function unknownSigner(rule: string, name: string, names: readonly string[]): Problem {
  return {
    path: `supplyChain.require.${rule}`,
    message: `names the signer "${name}", who is not in \`trust\`; there are: ${names.join(', ')}`,
  };
}

function unusable({ name }: Environment, problems: readonly Problem[]): ConfigError {
  const list = problems.map(({ path, message }) => `  ${path} ${message}`).join('\n');
  return new ConfigError(
    'invalid',
    `What images must bring to ${name} cannot be settled:\n${list}`,
    problems,
  );
}

function rulesOf(
  loaded: LoadedConfig,
  environment: Environment,
  settings: SupplyChain,
  problems: Problem[],
): Policy['rules'] {
  const { signature, provenance, sbom, scan, verdict } = settings.require ?? {};
  const before = environmentBefore(loaded.config, environment);
  return [
    ...(signature === false ? [] : [{ evidence: 'signature' as const, signers: signature ?? [BUILDER] }]),
    ...(provenance === false ? [] : [provenanceRule(settings.trust ?? [], provenance ?? {}, problems)]),
    ...(sbom === false ? [] : [{ evidence: 'sbom' as const, signers: sbom ?? [BUILDER] }]),
    ...(scan === false ? [] : [scanRule(scan ?? {})]),
    ...(verdict === false || before === null
      ? []
      : [verdictRule(loaded.config.service, before, { soak: environment.soak, ...verdict })]),
  ];
}

/** Builder, type and parameters go with who signs: a workflow can only have built what it says it has. */
function provenanceRule(
  trust: readonly Trust[],
  written: Exclude<Requirements['provenance'], false | undefined>,
  problems: Problem[],
): RuleOf<'provenance'> {
  const signers = written.signers ?? [BUILDER];
  const used = trust.filter(({ name }) => signers.includes(name));
  const workflows = used.filter((each) => 'workflow' in each);
  const isLocal = signers.length === 1 && signers[0] === BUILDER && used.length === 0;
  const usual = isLocal ? LOCAL : workflows.length === signers.length ? githubBuilds(workflows) : null;
  const { builders = usual?.builders, buildTypes = usual?.buildTypes, parameters, source } = written;
  if (builders === undefined || buildTypes === undefined || (parameters ?? usual) === null) {
    problems.push({
      path: 'supplyChain.require.provenance',
      message: `must say \`builders\`, \`buildTypes\` and \`parameters\`: they are known by themselves only where all signers are workflows, or the local \`${BUILDER}\``,
    });
  }
  const exactly = Object.entries(parameters ?? {}).map(([name, value]) => [
    name,
    typeof value === 'string' ? [value] : value,
  ]);
  return {
    evidence: 'provenance',
    signers,
    builders: builders ?? [],
    buildTypes: buildTypes ?? [],
    parameters: parameters === undefined ? (usual?.parameters ?? {}) : Object.fromEntries(exactly),
    ...(source === undefined
      ? {}
      : { source: { repositories: source.repository, refs: source.refs ?? null } }),
  };
}

type Builds = Pick<RuleOf<'provenance'>, 'builders' | 'buildTypes' | 'parameters'>;

const LOCAL: Builds = {
  builders: [LOCAL_BUILDER],
  buildTypes: [LOCAL_BUILD_TYPE],
  parameters: {},
};

/** As GitHub's own action for attestations writes it. A reusable workflow is the builder of those who call it. */
function githubBuilds(workflows: readonly Workflow[]): Builds {
  const isReused = workflows.some(({ repository }) => repository !== undefined);
  const repositories = workflows.map((each) => each.repository ?? repositoryOf(each));
  const refs = [...new Set(workflows.flatMap((each) => each.repositoryRefs ?? each.refs))];
  return {
    builders: workflows.flatMap((each) => each.refs.map((ref) => subjectOf(each, ref))),
    buildTypes: ['https://actions.github.io/buildtypes/workflow/v1'],
    parameters: {
      'workflow.repository': [...new Set(repositories)].map((name) => `https://github.com/${name}`),
      'workflow.ref': refs,
      'workflow.path': isReused
        ? null
        : workflows.map(({ workflow }) => workflow.split('/').slice(2).join('/')),
    },
  };
}

function scanRule(written: Exclude<Requirements['scan'], false | undefined>): RuleOf<'scan'> {
  const { exceptions = {} } = written;
  return {
    evidence: 'scan',
    signers: written.signers ?? [BUILDER, SECURITY],
    maxAge: written.maxAge ?? DAY,
    maxDatabaseAge: written.maxDatabaseAge ?? 7 * DAY,
    failOn: written.failOn ?? 'high',
    exceptions:
      exceptions === false
        ? null
        : { signers: exceptions.signers ?? [SECURITY], maxAge: exceptions.maxAge ?? 90 * DAY },
  };
}

function verdictRule(
  service: string,
  before: string,
  written: Exclude<Requirements['verdict'], false | undefined>,
): RuleOf<'verdict'> {
  return {
    evidence: 'verdict',
    signers: written.signers ?? [engineOf(before)],
    service,
    environment: before,
    verifier: written.verifier ?? ENGINE_VERIFIER,
    soak: written.soak ?? 0,
    levels: written.levels ?? [],
    policies: written.policies ?? null,
  };
}
