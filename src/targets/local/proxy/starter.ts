import { readlinkSync, realpathSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { CommandArtifact } from '../../../core/release.ts';
import type { Unpacked } from '../unpacked.ts';
import { isAlive, type ProcessIdentity } from './process.ts';
import { ImageRefused, type Machine, type Program, programOf } from './program.ts';
import { flawOfTree } from './tree.ts';

/** How the processes of a release are started, and how it is seen what they are. */
export interface Starter {
  /** Whether its processes see nothing of the proxy's own environment. */
  readonly isIsolated: boolean;
  /** What to start now, checked a moment ago. Rejects with `ImageRefused` when it must not be started. */
  program(): Promise<Program>;
  /** Digest of the release that the process really is, or words for something that is none. */
  digestOf(identity: ProcessIdentity): string;
}

/** A command is started as it stands; its digest is that of its words, and says nothing of the files behind them. */
export function commandStarter(digest: string, { command, env, cwd }: CommandArtifact): Starter {
  return {
    isIsolated: false,
    program: async () => ({ command, env, cwd }),
    digestOf: () => digest,
  };
}

export interface ImageStarterOptions {
  /** Those that the release adds to the image's. */
  readonly variables: Readonly<Record<string, string>>;
  /** The image as it was unpacked; null when it is not here. Asked at every start. */
  readonly image: () => Unpacked | null;
  /** Directory for what its processes write: their home, and their temporary files. */
  readonly home: string;
  readonly machine: Machine;
}

/** Every file of an unpacked image is compared with what was written before each start. */
export function imageStarter({ variables, image, home, machine }: ImageStarterOptions): Starter {
  return {
    isIsolated: true,
    async program() {
      const unpacked = image();
      if (unpacked === null)
        throw new ImageRefused('its image is not unpacked on this machine; deploy the release again');
      const flaw = await flawOfTree(unpacked);
      if (flaw !== null) throw new ImageRefused(`its image was changed since it was unpacked: ${flaw}`);
      const { command, env, cwd } = await programOf(unpacked, machine);
      const temporary = path.join(home, 'tmp');
      await mkdir(temporary, { recursive: true, mode: 0o700 });
      return { command, cwd, env: { ...env, HOME: home, TMPDIR: temporary, ...variables } };
    },
    digestOf(identity) {
      const unpacked = image();
      if (unpacked === null) return 'an image that is not here';
      return machine.platform === 'linux' ? imageAt(identity, unpacked) : unpacked.image;
    },
  };
}

/**
 * The image if the process works in its directory: one that is in another place was moved there, or was never started
 * from it. A process that has just ended is nothing else.
 */
function imageAt(identity: ProcessIdentity, { directory, image }: Unpacked): string {
  try {
    const works = readlinkSync(`/proc/${identity.pid}/cwd`);
    const root = realpathSync(directory);
    return works === root || works.startsWith(`${root}${path.sep}`) ? image : `something in ${works}`;
  } catch (error) {
    if (!isAlive(identity)) return image;
    return `something that cannot be looked at (${error instanceof Error ? error.message : String(error)})`;
  }
}
