import { readlinkSync, realpathSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { CommandArtifact } from '../../../core/release.ts';
import type { Instant } from '../../../core/time.ts';
import type { Unpacked } from '../unpacked.ts';
import { isAlive, type ProcessIdentity } from './process.ts';
import { ImageDamaged, type Machine, type Program, programOf } from './program.ts';
import { flawOfTree } from './tree.ts';

/** How the processes of a release are started, and how it is seen what they are. */
export interface Starter {
  /** Whether its processes see nothing of the proxy's own environment. */
  readonly isIsolated: boolean;
  /** Brings into place what it takes to start one, which may take long. Rejects with `ImageRefused`. */
  prepare(): Promise<void>;
  /** What to start now at that port, checked a moment ago. Rejects with `ImageRefused` when it must not be started. */
  program(port: number): Promise<Program>;
  /** Digest of the release that the process really is, or words for something that is none; null if it was not looked at. */
  digestOf(identity: ProcessIdentity): string | null;
  /** Looks at the process at that port where that takes long, and tells whether what it stands for is there. Called often. */
  look(identity: ProcessIdentity, port: number, now: Instant): Promise<'there' | 'gone'>;
  /** Removes what a process at that port that has ended left behind besides its group. */
  clean(port: number): Promise<void>;
  /** Removes what starting took. Called when nothing is to be started any more. */
  close(): Promise<void>;
}

/** A process of this machine is all that there is of it. */
const PLAIN: Pick<Starter, 'prepare' | 'look' | 'clean' | 'close'> = {
  prepare: async () => {},
  look: async () => 'there',
  clean: async () => {},
  close: async () => {},
};

/** A command is started as it stands; its digest is that of its words, and says nothing of the files behind them. */
export function commandStarter(digest: string, { command, env, cwd }: CommandArtifact): Starter {
  return {
    ...PLAIN,
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
  /** Called when its files turn out to have been changed. */
  readonly onDamage: () => void;
  /** Directory for what its processes write: their home, and their temporary files. */
  readonly home: string;
  readonly machine: Machine;
}

/** Every file of an unpacked image is compared with what was written before each start. */
export function imageStarter({ variables, image, onDamage, home, machine }: ImageStarterOptions): Starter {
  return {
    ...PLAIN,
    isIsolated: true,
    async program() {
      const unpacked = image();
      if (unpacked === null) throw new ImageDamaged('its image is not unpacked on this machine');
      const flaw = await flawOfTree(unpacked);
      if (flaw !== null) {
        onDamage();
        throw new ImageDamaged(`its image was changed since it was unpacked: ${flaw}`);
      }
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
