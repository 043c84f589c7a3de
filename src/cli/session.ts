import { existsSync, statSync } from 'node:fs';
import type { Clock } from '../clock/clock.ts';
import { systemClock } from '../clock/system-clock.ts';
import { openStore } from '../compose.ts';
import type { Environment } from '../config/config-schema.ts';
import { ConfigError } from '../config/problems.ts';
import type { Registries } from '../config/registries-schema.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { findEnvironment, stateDirectory } from '../config/resolve.ts';
import { isActive, type Rollout } from '../core/rollout.ts';
import type { Store } from '../stores/store.ts';
import { type CommandInput, textOption } from './command.ts';
import { Refusal } from './exit-code.ts';

/** The configuration, and the store of the state. */
export interface Project extends AsyncDisposable {
  readonly loaded: LoadedConfig;
  readonly store: Store;
  readonly clock: Clock;
  readonly stateDirectory: string;
  /** How single registries are used. */
  readonly registries: Registries;
}

/** The same, and the environment that is meant. */
export interface Session extends Project {
  readonly environment: Environment;
  /** The rollouts of the service in the environment, newest first. */
  rollouts(limit: number): Promise<readonly Rollout[]>;
  /** Those of them that ended promoted, newest first. */
  promoted(limit: number): Promise<readonly Rollout[]>;
}

/** Opens what a command needs that is about no single environment. */
export async function openProject(input: CommandInput): Promise<Project> {
  const loaded = await loadConfig(input.directory, textOption(input, 'config'));
  const directory = stateDirectory(loaded);
  if (existsSync(directory) && !statSync(directory).isDirectory()) {
    throw new ConfigError(
      'invalid',
      `${directory} is a file, and \`state\` must name a directory: move it away, or set another \`state\`.`,
    );
  }
  const store = openStore(directory);
  const clock = systemClock();
  const { registries } = loaded.config;
  return {
    loaded,
    store,
    clock,
    stateDirectory: directory,
    registries,
    [Symbol.asyncDispose]: () => store.close(),
  };
}

/** Opens what a command needs. A rollout that is named says by itself which environment is meant. */
export async function openSession(input: CommandInput, rollout?: string): Promise<Session> {
  const project = await openProject(input);
  const { loaded, store } = project;
  const { service } = loaded.config;
  const named = rollout === undefined ? null : await namedRollout(store, rollout);
  const environment = findEnvironment(loaded.config, named?.environment ?? textOption(input, 'env'));
  const all = { service, environment: environment.name };
  return {
    ...project,
    environment,
    rollouts: (limit) => store.list({ ...all, limit }),
    promoted: (limit) => store.list({ ...all, verdict: 'promoted', limit }),
  };
}

/** The rollout that a command means: the one named, the one under way, or the latest. */
export async function meantRollout(session: Session, id: string | undefined): Promise<Rollout> {
  if (id !== undefined) return namedRollout(session.store, id);
  const rollouts = await session.rollouts(20);
  const meant = rollouts.find(isActive) ?? rollouts[0];
  if (meant === undefined) throw new Refusal(`There has been no rollout to ${session.environment.name} yet.`);
  return meant;
}

async function namedRollout(store: Store, id: string): Promise<Rollout> {
  const named = await store.load(id);
  if (named === null) {
    throw new ConfigError('unknown-name', `There is no rollout ${id}; \`canary history\` lists them.`);
  }
  return named;
}
