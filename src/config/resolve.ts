import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Analysis, Plan, PlannedTarget, Purpose, SmokeTest } from '../core/plan.ts';
import type { CommandArtifact, Release } from '../core/release.ts';
import type { RolloutRequest } from '../core/rollout.ts';
import type { Policy } from '../supply-chain/policy/policy.ts';
import type { Config, Environment } from './config-schema.ts';
import type { LoadedConfig } from './load.ts';
import { ConfigError } from './problems.ts';
import { isReleaseName, RELEASE_NAME_RULE } from './release-name.ts';
import { effectiveSupplyChain, isForImagesOnly, promotedBefore } from './effective-supply-chain.ts';
import { resolvePolicy } from './resolve-policy.ts';
import { engineOf } from './resolve-trust.ts';
import { stateDirectory } from './state-directory.ts';

export { stateDirectory };

/** What the command line says about a release, before the configuration. */
export interface ReleaseOverrides {
  readonly command?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The environment of that name; the only one there is when no name is given. */
export function findEnvironment({ environments }: Config, name: string | undefined): Environment {
  const names = environments.map((environment) => environment.name).join(', ');
  const [only] = environments;
  if (name === undefined) {
    if (environments.length === 1 && only !== undefined) return only;
    throw new ConfigError('unknown-name', `Say which environment is meant with --env: ${names}.`);
  }
  const found = environments.find((environment) => environment.name === name);
  if (found === undefined)
    throw new ConfigError('unknown-name', `There is no environment "${name}"; there are: ${names}.`);
  return found;
}

/** The release of that name, as the configuration and the command line describe it. */
export function resolveRelease(
  loaded: LoadedConfig,
  name: string,
  overrides: ReleaseOverrides = {},
): Release & { readonly artifact: CommandArtifact } {
  const { config, file } = loaded;
  if (!isReleaseName(name)) {
    throw new ConfigError(
      'invalid',
      `"${printable(name)}" cannot be the name of a release: it ${RELEASE_NAME_RULE}.`,
    );
  }
  const own = Object.hasOwn(config.releases, name) ? config.releases[name] : undefined;
  const command = overrides.command ?? own?.command ?? config.run?.command;
  if (command === undefined) {
    const known = Object.keys(config.releases).join(', ') || 'none';
    throw new ConfigError(
      'unknown-name',
      `It is not known how to start release "${name}": \`releases\` has ${known}, and there is no \`run\`. Add one of them, or give --command.`,
    );
  }
  const fill = (text: string) => text.replaceAll('{release}', name);
  const words = typeof command === 'string' ? shellWords(fill(command)) : command.map(fill);
  const [first = '', ...rest] = words;
  const env = { ...config.run?.env, ...own?.env, ...overrides.env };
  const artifact = {
    kind: 'command' as const,
    command: [first, ...rest] as const,
    env: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, fill(value)])),
    cwd: path.resolve(path.dirname(file), fill(overrides.cwd ?? own?.cwd ?? config.run?.cwd ?? '.')),
  };
  return { name, digest: digestOf(name, artifact), artifact };
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}

/** A command line for the shell, which gives its place to the program if there is only one. */
function shellWords(line: string): readonly string[] {
  const isOneProgram = !/[;&|\n]|^\s*\w+=/.test(line);
  return ['/bin/sh', '-c', isOneProgram ? `exec ${line}` : line];
}

/** What identifies a release that is a command: the name and everything that is run. */
function digestOf(name: string, artifact: CommandArtifact): string {
  const env = Object.entries(artifact.env).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const content = JSON.stringify([name, artifact.kind, artifact.command, env, artifact.cwd]);
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** How long a turn takes at the most on targets whose metrics come by the tenth of a second. */
const LOCAL_TURN_MS = 250;

/** Evidence is looked at again this often while a rollout is under way, and once in every phase. */
const RECHECK_MS = 60_000;

/** The plan of a rollout to the environment. To return to an earlier release there are no steps: it was stable before. */
export function resolvePlan(loaded: LoadedConfig, environment: Environment, purpose: Purpose): Plan {
  const { steps, analysis, checks, smoke, onInconclusive, limits, rollbackWindow, guard } = environment.plan;
  return {
    purpose,
    targets: environment.targets.map((target) => resolveTarget(loaded, environment, target)),
    steps: purpose === 'deliver' ? steps : [],
    analysis: analysis === false ? null : resolveAnalysis(analysis, environment),
    checks: checks.map((check) => ({
      kind: check.kind,
      name: check.name,
      measure:
        check.measure === 'errors' ? { of: 'errors' } : { of: 'latency', quantile: check.percentile / 100 },
      max: check.max,
      minRequests: check.minRequests,
      window: check.window,
      onFailure: check.onFailure,
    })),
    smoke: smoke.map((test): SmokeTest => test),
    onInconclusive,
    limits,
    rollbackWindow,
    // The local target refuses late writes by itself.
    quarantine: 0,
    turnEvery: LOCAL_TURN_MS,
    guardAfter: guard,
    policy: null,
    notary: null,
    approval: environment.approval,
    freeze: environment.freeze,
    after: promotedBefore(loaded.config, environment),
    soak: environment.soak,
    recheckEvery: RECHECK_MS,
    overrideFor: environment.overrides.expires,
  };
}

function resolveAnalysis(
  { clusters, presence, promoteEarly, ...settings }: Exclude<Environment['plan']['analysis'], false>,
  { targets }: Environment,
): Analysis {
  return {
    ...settings,
    promoteEarly: promoteEarly === false ? null : promoteEarly,
    clusters: { overdispersion: typeof clusters === 'number' ? clusters : 1, isCapped: clusters === 'cap' },
    // Where users stick to a release, its share of the requests is that of its users, and may be anything.
    presence: presence && targets.every(({ sticky }) => sticky === null),
  };
}

function resolveTarget(
  loaded: LoadedConfig,
  environment: Environment,
  target: Environment['targets'][number],
): PlannedTarget {
  const { name, kind, listen, processes, health, sticky, preview, responseTimeout, drain, stop, run } =
    target;
  const place = `${loaded.config.service}-${environment.name}-${name}`;
  const settings = {
    directory: path.join(stateDirectory(loaded), 'local', place),
    proxy: { listen, sticky: stickyBy(sticky), preview: { header: preview.toLowerCase() }, responseTimeout },
    run: { processes, place: run, health, drain, stop },
  };
  return { name, kind, settings };
}

function stickyBy(sticky: Environment['targets'][number]['sticky']) {
  if (sticky?.cookie !== undefined) return { by: 'cookie', name: sticky.cookie };
  if (sticky?.header !== undefined) return { by: 'header', name: sticky.header.toLowerCase() };
  return null;
}

/** What a rollout is for, besides its release. */
export interface RolloutAbout extends Pick<RolloutRequest, 'requestedBy' | 'overrides'> {
  readonly purpose: Purpose;
}

/** All that the engine needs to begin a rollout. */
export function resolveRequest(
  loaded: LoadedConfig,
  environment: Environment,
  candidate: Release,
  { purpose, requestedBy, overrides = [] }: RolloutAbout,
): RolloutRequest {
  return {
    service: loaded.config.service,
    environment: environment.name,
    plan: {
      ...resolvePlan(loaded, environment, purpose),
      policy: policyFor(loaded, environment, candidate),
      notary: notaryFor(loaded, environment, candidate),
    },
    candidate,
    requestedBy,
    overrides,
  };
}

/** What the release must bring: images always something, commands only where nothing but images may be deployed. */
function policyFor(loaded: LoadedConfig, environment: Environment, { artifact }: Release): Policy | null {
  const isJudged = artifact.kind === 'image' || isForImagesOnly(loaded.config, environment);
  return isJudged ? resolvePolicy(loaded, environment) : null;
}

/** With what the engine signs what it came to about an image; about commands it signs nothing. */
function notaryFor(loaded: LoadedConfig, environment: Environment, { artifact }: Release) {
  if (artifact.kind !== 'image') return null;
  const { verdictKey } = effectiveSupplyChain(loaded.config, environment);
  return verdictKey === undefined
    ? { kind: 'local', directory: keyDirectory(loaded), name: engineOf(environment.name) }
    : { kind: 'kms', key: verdictKey.kms };
}

/** Where the keys of this machine are. */
function keyDirectory(loaded: LoadedConfig): string {
  return path.join(stateDirectory(loaded), 'keys');
}

/** An image as a person names it, and what is known of it. */
export interface KnownImage {
  /** Registry and repository. */
  readonly repository: string;
  readonly digest: string;
  /** By its own word; null if it does not say. */
  readonly version: string | null;
}

/** The release that an image is, under the name that was given, else by its version, else by its digest. */
export function resolveImage(
  { config }: LoadedConfig,
  environment: Environment,
  { repository, digest, version }: KnownImage,
  { name, env }: { readonly name?: string | undefined; readonly env?: Readonly<Record<string, string>> } = {},
): Release {
  const usual = version !== null && isReleaseName(version) ? version : digest.slice(7, 19);
  const chosen = name ?? usual;
  if (!isReleaseName(chosen)) {
    throw new ConfigError(
      'invalid',
      `"${printable(chosen)}" cannot be the name of a release: it ${RELEASE_NAME_RULE}.`,
    );
  }
  const own = Object.hasOwn(config.releases, chosen) ? config.releases[chosen] : undefined;
  const fill = (text: string) => text.replaceAll('{release}', chosen);
  const variables = Object.entries({ ...environment.env, ...own?.env, ...env });
  return {
    name: chosen,
    digest,
    artifact: {
      kind: 'image',
      repository,
      env: Object.fromEntries(variables.map(([key, value]) => [key, fill(value)])),
    },
  };
}
