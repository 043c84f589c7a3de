import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Milliseconds } from '../../../../core/time.ts';
import type { Stored } from '../../unpacked.ts';
import { ImageDamaged, ImageRefused } from '../program.ts';
import { call, EngineError, isNoMatter } from './call.ts';
import {
  type Berth,
  hasImageCommand,
  imageIdCommand,
  imageName,
  imageTag,
  loadCommand,
  pullCommand,
  removeImageCommand,
  tagCommand,
  untagCommand,
} from './command-lines.ts';
import { dialectOf } from './dialects.ts';
import { dockerArchive } from './docker-archive.ts';

/** How an image gets into an engine's store, and is found there. */
interface ImageStore {
  /** What the image is run by; null if it is not there. */
  find(berth: Berth, image: Stored): Promise<string | null>;
  /** Puts it there; returns what the engine says that it took. */
  take(berth: Berth, image: Stored): Promise<string>;
}

const TAKES_WITHIN: Milliseconds = 600_000;

const STORES: Readonly<Record<ReturnType<typeof dialectOf>['images'], ImageStore>> = {
  'by manifest': {
    async find(berth, { image }) {
      const said = await unless(call(hasImageCommand(berth, image)), ({ code }) => code === 1);
      return said === null ? null : imageName(berth, image);
    },
    async take(berth, { image, directory }) {
      const said = await call(pullCommand(berth), { cwd: path.dirname(directory), timeout: TAKES_WITHIN });
      const taken = said.trim().split('\n').at(-1) ?? '';
      await call(tagCommand(berth, taken, image));
      await call(untagCommand(berth, taken)).catch(isNoMatter);
      return taken;
    },
  },
  'by ID': {
    async find(berth, { image, config }) {
      const asked = call(imageIdCommand(berth, image));
      const said = await unless(asked, ({ message }) => /no such image/i.test(message));
      return [config, image].find((id) => id === said?.trim()) ?? null;
    },
    async take(berth, image) {
      const input = await dockerArchive(image, imageTag(berth, image.image));
      const said = await call(loadCommand(berth), { input, timeout: TAKES_WITHIN });
      return said.trim().split('\n').at(-1) ?? '';
    },
  },
};

/** Puts the image into the engine's store, from its layout, unless it is there; returns what it is run by. */
export async function loadImage(berth: Berth, image: Stored): Promise<string> {
  const { find, take } = STORES[dialectOf(berth.settings).images];
  const known = await find(berth, image);
  if (known !== null) return known;
  if (!existsSync(image.directory)) throw new ImageDamaged(`its image is not in ${image.directory} any more`);
  const taken = await take(berth, image);
  const found = await find(berth, image);
  if (found !== null) return found;
  throw new ImageRefused(`${berth.settings.engine} took in "${taken}", which is not ${image.image}`);
}

/** Lets the store do without the image, unless a container or another name needs it. */
export async function unloadImage(berth: Berth, digest: string): Promise<void> {
  await call(removeImageCommand(berth, digest)).catch(isNoMatter);
}

/** What is said; null if it failed like that. */
async function unless(
  asked: Promise<string>,
  isAbsent: (error: EngineError) => boolean,
): Promise<string | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof EngineError && isAbsent(error)) return null;
    throw error;
  }
}
