import { createHash } from 'node:crypto';
import type { ContainerSettings } from '../../settings.ts';
import { dialectOf } from './dialects.ts';

/** A command line: the program and its arguments. */
export type Words = readonly [string, ...string[]];

/** One target's containers, told apart from all others on this machine. */
export interface Berth {
  readonly settings: ContainerSettings;
  /** Stands for the target: a few hex digits. */
  readonly target: string;
}

/** What one container is made with. */
export interface ContainerOptions {
  readonly berth: Berth;
  readonly name: string;
  /** What the engine's store has the image by: something with a digest in it, never a tag. */
  readonly image: string;
  /** Who the image says to run it as. */
  readonly user: string;
  /** The same inside and outside. */
  readonly port: number;
  /** File with its variables, one a line. */
  readonly variables: string;
}

/** Label that the containers of a target have, whatever became of their names. */
const LABEL = 'canary.target';
/** Conventionally nobody in particular, also where there is no list of users. */
const NOBODY = '65532';
/** Name of the directory that an image is pulled from, in a directory of its own: podman makes a name of it. */
export const LAYOUT = 'canary-image';

/** What stands for a target, by the directory of its state. */
export function targetOf(directory: string): string {
  return createHash('sha256').update(directory).digest('hex').slice(0, 12);
}

/** Of the container of a release, by the release's digest. Two containers of a target that live at the same time have not the same port, and so not the same name. */
export function containerName({ target }: Berth, digest: string, port: number): string {
  return `canary-${target}-${shortOf(digest)}-${port}`;
}

/** The image in a store that knows manifests: by its digest, in a repository that is no registry's. */
export function imageName({ target }: Berth, digest: string): string {
  return `localhost/canary-${target}@${digest}`;
}

/** Without a tag, a store forgets the image or which digest it had. Nothing is run by it. */
export function imageTag({ target }: Berth, digest: string): string {
  return `localhost/canary-${target}:${shortOf(digest)}`;
}

/**
 * Runs a container that can change nothing but its `/tmp`, has no capabilities, cannot get any, and is not root. What makes
 * it so comes after the words of the configuration, as the last one counts.
 */
export function runCommand({ berth, name, image, user, port, variables }: ContainerOptions): Words {
  const { settings, target } = berth;
  return engineCommand(settings, [
    'run',
    ...settings.options,
    '--rm',
    '--pull=never',
    `--name=${name}`,
    `--label=${LABEL}=${target}`,
    '--log-driver=none',
    '--read-only',
    '--tmpfs=/tmp',
    '--cap-drop=ALL',
    '--security-opt=no-new-privileges',
    `--user=${userOf(user)}`,
    ...(settings.memory === null ? [] : [`--memory=${settings.memory}`]),
    ...(settings.pids === null ? [] : [`--pids-limit=${settings.pids}`]),
    `--env-file=${variables}`,
    `--publish=127.0.0.1:${port}:${port}`,
    image,
  ]);
}

/** Whether a store that knows manifests has the image: ends with 0 or with 1. */
export function hasImageCommand(berth: Berth, digest: string): Words {
  return engineCommand(berth.settings, ['image', 'exists', imageName(berth, digest)]);
}

/** Says the ID of the image in a store that knows images by that. */
export function imageIdCommand(berth: Berth, digest: string): Words {
  return engineCommand(berth.settings, ['image', 'inspect', '--format={{.Id}}', imageTag(berth, digest)]);
}

/** Takes an image from the archive that it reads, with the names that are in there. */
export function loadCommand({ settings }: Berth): Words {
  return engineCommand(settings, ['load', '--quiet']);
}

/** Takes the image from the layout beside which it is started, and says by what the store knows it. */
export function pullCommand({ settings }: Berth): Words {
  return engineCommand(settings, ['pull', '--quiet', `oci:${LAYOUT}`]);
}

export function tagCommand(berth: Berth, image: string, digest: string): Words {
  return engineCommand(berth.settings, ['tag', image, imageTag(berth, digest)]);
}

/** Takes away the name that some versions of podman give to what they pull from a directory. */
export function untagCommand({ settings }: Berth, image: string): Words {
  return engineCommand(settings, ['untag', image, `localhost/${LAYOUT}:latest`]);
}

export function removeImageCommand(berth: Berth, digest: string): Words {
  return engineCommand(berth.settings, ['rmi', imageTag(berth, digest)]);
}

/** Ends and removes containers with what they wrote, at once; those that are not there are no mistake. */
export function removeCommand({ settings }: Berth, names: readonly string[]): Words {
  return engineCommand(settings, ['rm', '--force', '--volumes', ...dialectOf(settings).removing, ...names]);
}

/** Says what a container is, as `Dialect.seeing` has it. */
export function inspectCommand({ settings }: Berth, name: string): Words {
  const format = dialectOf(settings).seeing;
  return engineCommand(settings, ['inspect', '--type=container', `--format=${format}`, name]);
}

/** Says the names of all containers of the target, a line each. */
export function listCommand({ settings, target }: Berth): Words {
  return engineCommand(settings, ['ps', '--all', `--filter=label=${LABEL}=${target}`, '--format={{.Names}}']);
}

function engineCommand({ engine, globalOptions }: ContainerSettings, words: readonly string[]): Words {
  return [engine, ...globalOptions, ...words];
}

/** The image's own user and group where they are numbers and not root's; else nobody. */
function userOf(said: string): string {
  const [, user = NOBODY, group = user] = /^(\d+)(?::(\d+))?$/.exec(said) ?? [];
  if (Number(user) === 0) return `${NOBODY}:${NOBODY}`;
  return `${user}:${Number(group) === 0 ? user : group}`;
}

function shortOf(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}
