import { existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Instant, Milliseconds } from '../../../core/time.ts';
import { clear } from '../clear.ts';
import type { ProxyPaths } from '../paths.ts';
import { setAside } from '../set-aside.ts';
import { imagePlace, type LocalImage, type Stored, type Unpacked } from '../unpacked.ts';

/** An image on this machine, by the digest of the release that it is for. */
export interface KnownImage {
  readonly digest: string;
  readonly image: LocalImage;
}

/** The images of the releases that the proxy keeps. */
export interface Images {
  /** The files of the release's image; null when they are not here. */
  findFiles(digest: string): Unpacked | null;
  /** The layout that has the release's image; null when there is none. */
  findLayout(digest: string): Stored | null;
  add(known: KnownImage): void;
  /** Says that the files of the release's image were changed: they are set aside when it is let go, and not removed. */
  distrust(digest: string): void;
  record(): readonly KnownImage[];
  /**
   * Forgets and removes all others, with what their processes wrote. Directories that were never heard of may be those of
   * an image that is just being unpacked, and are only removed when they are old.
   */
  keepOnly(digests: ReadonlySet<string>, now: Instant): Promise<void>;
}

const ABANDONED_AFTER: Milliseconds = 60 * 60_000;
const REMOVED = '.removed';
/** Names of the places of images, and of those that are being removed. Whatever else is there is somebody else's. */
const PLACE = /^[0-9a-f]{64}(\.\d+\.removed)?$/;

export function knownImages({ images, layouts, homes }: ProxyPaths, records: readonly KnownImage[]): Images {
  const known = new Map(records.map((record) => [keyOf(record), record]));
  /** Places of images whose files were changed. */
  const distrusted = new Set<string>();

  /** The places of those that are leaving, and whatever else nobody needs. */
  function unneeded(
    leaving: readonly KnownImage[],
    kept: ReadonlySet<string>,
    now: Instant,
  ): readonly string[] {
    const isKept = (place: string) => kept.has(`sha256:${path.basename(place)}`);
    const abandoned = [images, layouts]
      .flatMap(placesIn)
      .filter((place) => !isKept(place) && isAbandoned(place, now));
    const written = placesIn(homes).filter((place) => !isKept(place));
    const left = leaving.map(({ digest, image }) =>
      imagePlace(image.kind === 'files' ? images : layouts, digest),
    );
    return [...new Set([...left, ...abandoned, ...written])];
  }

  return {
    findFiles(digest) {
      const image = known.get(`files ${digest}`)?.image;
      return image?.kind === 'files' ? image : null;
    },
    findLayout(digest) {
      const image = known.get(`layout ${digest}`)?.image;
      return image?.kind === 'layout' ? image : null;
    },
    add(added) {
      known.set(keyOf(added), added);
      distrusted.delete(imagePlace(images, added.digest));
    },
    distrust(digest) {
      distrusted.add(imagePlace(images, digest));
    },
    record: () => [...known.values()],
    async keepOnly(digests, now) {
      const leaving = [...known.values()].filter(({ digest }) => !digests.has(digest));
      for (const image of leaving) known.delete(keyOf(image));
      try {
        const places = unneeded(leaving, digests, now);
        await Promise.all(
          places.map((place) => (distrusted.delete(place) ? setAside(place) : clear(takeAway(place, now)))),
        );
      } catch {
        // What stays is no reason to end the proxy: it is old some day, and goes then.
      }
    },
  };
}

/** The same image may be here in several forms. */
function keyOf({ digest, image }: KnownImage): string {
  return `${image.kind} ${digest}`;
}

/** Whether nobody can be unpacking into it, or it was to be removed already. */
function isAbandoned(place: string, now: Instant): boolean {
  if (place.endsWith(REMOVED)) return true;
  const modified = statSync(place, { throwIfNoEntry: false })?.mtimeMs;
  return modified !== undefined && now - modified > ABANDONED_AFTER;
}

function placesIn(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && PLACE.test(entry.name))
    .map(({ name }) => path.join(directory, name));
}

/** Gives the place another name, so that nobody finds half of it and it can be filled anew; returns that name. */
function takeAway(place: string, now: Instant): string {
  const removed = `${place}.${now}${REMOVED}`;
  if (place.endsWith(REMOVED) || !existsSync(place)) return place;
  renameSync(place, removed);
  return removed;
}
