import type { z } from 'zod';
import { sameRelease } from '../../core/release.ts';
import { TargetError } from '../target.ts';
import { controlClient } from './control-client.ts';
import type { answers } from './messages.ts';
import { type ProxyPaths, proxyPaths } from './paths.ts';
import { localSettings } from './settings.ts';
import { isToBeBrought } from './unpacked.ts';

/** A release that a target keeps and cannot start, or stable with fewer healthy processes than it should have. */
export interface ReleaseInTrouble {
  readonly target: string;
  readonly release: string;
  readonly digest: string;
  /** Processes that should be up, and those that are up and healthy. */
  readonly wanted: number;
  readonly healthy: number;
  /** Why, and what can be done about it. */
  readonly trouble: string;
  readonly remedy: string;
}

type Reading = z.infer<typeof answers.reading>;

const ANSWERS_WITHIN_MS = 2_000;

/** What is in trouble at the target, as its proxy sees it. Starts nothing: without a proxy there is nothing to be seen. */
export async function troublesAt(target: string, settings: unknown): Promise<readonly ReleaseInTrouble[]> {
  const paths = proxyPaths(localSettings.parse(settings).directory);
  const reading = await readingFrom(paths);
  return (reading?.running ?? []).flatMap((kept): ReleaseInTrouble[] => {
    const { release, wanted, healthy, trouble, failed } = kept;
    const isShort = sameRelease(release, reading?.traffic.stable ?? null) && healthy < wanted;
    if (trouble === null || !(failed || isShort)) return [];
    const remedy = remedyFor(kept, reading, paths);
    return [{ target, release: release.name, digest: release.digest, wanted, healthy, trouble, remedy }];
  });
}

async function readingFrom({ socket }: ProxyPaths): Promise<Reading | null> {
  const patience = AbortSignal.timeout(ANSWERS_WITHIN_MS);
  try {
    return await controlClient(socket).reading(patience);
  } catch (error) {
    if (error instanceof TargetError) return null;
    throw error;
  }
}

function remedyFor(kept: Reading['running'][number], reading: Reading | null, paths: ProxyPaths): string {
  const { artifact, digest } = kept.release;
  if (kept.damage === null || artifact.kind !== 'image') return `see what it said, in ${paths.logs}`;
  const from = `${artifact.repository}@${digest}`;
  if (sameRelease(kept.release, reading?.traffic.stable ?? null)) {
    return isToBeBrought(kept)
      ? `\`canary up\` brings it anew from ${from}; what was changed is kept in ${paths.images}`
      : `its other processes go on as they are; deploy another release, or \`canary down\` and \`canary up\` bring it anew from ${from}`;
  }
  return sameRelease(kept.release, reading?.traffic.candidate ?? null)
    ? 'its rollout takes traffic home by itself'
    : `a rollback to it brings it anew from ${from}`;
}
