import { z } from 'zod';

const lock = z.object({ packages: z.looseObject({}) });
const entry = z.object({ integrity: z.string() });

/**
 * Reads the list that npm keeps of what it installed (`node_modules/.package-lock.json`): hashes of the archives, as the
 * registry gave them. Null if it cannot be read.
 */
export function parseNpmHashes(text: string): ReadonlyMap<string, string> | null {
  try {
    const { packages } = lock.parse(JSON.parse(text));
    return new Map(Object.entries(packages).flatMap(([place, found]) => hashOf(place, found)));
  } catch {
    return null;
  }
}

function hashOf(place: string, found: unknown): readonly (readonly [string, string])[] {
  const parsed = entry.safeParse(found);
  if (!parsed.success) return [];
  const base64 = /(?:^|\s)sha512-([A-Za-z0-9+/]{86}==)(?:\s|$)/.exec(parsed.data.integrity)?.[1];
  return base64 === undefined ? [] : [[place, Buffer.from(base64, 'base64').toString('hex')]];
}
