import assert from 'node:assert';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Release } from '../../../../core/release.ts';
import type { Instant, Milliseconds } from '../../../../core/time.ts';
import type { Stored } from '../../unpacked.ts';
import type { ProcessIdentity } from '../process.ts';
import { ImageDamaged } from '../program.ts';
import type { Starter } from '../starter.ts';
import { type Berth, containerName, runCommand } from './command-lines.ts';
import { removeContainers, seeContainer, type SeenContainer } from './engine.ts';
import { loadImage, unloadImage } from './image-store.ts';
import { variablesFile } from './variables.ts';

export interface ContainerStarterOptions {
  readonly release: Release;
  readonly berth: Berth;
  /** The image as it was stored; null when it is not here. Asked at every start. */
  readonly image: () => Stored | null;
  /** Directory for what is written down for its containers. */
  readonly home: string;
}

/** Looking takes a process of the engine's each time. */
const LOOK_EVERY: Milliseconds = 2_000;

/**
 * Each process is an engine's client in the foreground, which ends with its container. What a container is of is read back
 * from the engine from time to time.
 */
export function containerStarter({ release, berth, image, home }: ContainerStarterOptions): Starter {
  const { digest, artifact } = release;
  const nameAt = (port: number) => containerName(berth, digest, port);
  /** What the engine has the image by that was loaded last. */
  let loaded: { readonly image: string; readonly as: string } | null = null;
  let last: { readonly pid: number; readonly digest: string; readonly at: Instant } | null = null;

  function present(): Stored {
    const stored = image();
    if (stored === null) throw new ImageDamaged('its image is not stored on this machine');
    return stored;
  }

  return {
    isIsolated: false,
    async prepare() {
      const stored = present();
      loaded = { image: stored.image, as: await loadImage(berth, stored) };
    },
    async program(port) {
      const { image: itself, user } = present();
      assert(loaded?.image === itself, 'an image is prepared before it is run');
      const variables = path.join(home, 'variables');
      const text = variablesFile({
        HOST: '0.0.0.0',
        ...artifact.env,
        CANARY_RELEASE: release.name,
        CANARY_DIGEST: digest,
        PORT: String(port),
      });
      await mkdir(home, { recursive: true, mode: 0o700 });
      await writeFile(variables, text, { mode: 0o600 });
      const command = runCommand({ berth, name: nameAt(port), image: loaded.as, user, port, variables });
      return { command, env: {}, cwd: '/' };
    },
    digestOf: ({ pid }) => (last?.pid === pid ? last.digest : null),
    async look({ pid }: ProcessIdentity, port, now) {
      const known = last?.pid === pid ? last : null;
      if (known !== null && now - known.at < LOOK_EVERY) return 'there';
      const seen = await seeContainer(berth, nameAt(port));
      if (seen?.isRunning === true) {
        last = { pid, digest: digestOf(seen, image()), at: now };
        return 'there';
      }
      return 'gone';
    },
    clean: (port) => removeContainers(berth, [nameAt(port)]),
    close: () => unloadImage(berth, image()?.image ?? digest),
  };
}

/**
 * The image that the engine has by one of its two digests. Where it has another one, what it says that it is, unless it says
 * what cannot be.
 */
function digestOf({ manifest, id }: SeenContainer, stored: Stored | null): string {
  if (stored !== null && (id === stored.config || (manifest === null && id === stored.image)))
    return stored.image;
  return manifest === null || manifest === stored?.image ? `an image with the ID ${id}` : manifest;
}
