import { z } from 'zod';

/** Descriptors for everything but users' traffic: logs, state, control socket, health checks, idle connections. */
const RESERVE = 192;
/** A user's connection, and the one that its request goes on. */
const PER_CONNECTION = 2;
const FEWEST = 16;
const MOST = 20_000;

const report = z.object({ userLimits: z.object({ open_files: z.object({ soft: z.unknown() }) }) });

/**
 * The limit of open files of this process; infinite when there is none or it is unknown. To be asked before there are
 * connections: the report also looks up the names of all peers.
 */
export function openFilesLimit(): number {
  const parsed = report.safeParse(process.report.getReport());
  const soft = parsed.success ? Number(parsed.data.userLimits.open_files.soft) : Number.NaN;
  return Number.isNaN(soft) ? Number.POSITIVE_INFINITY : soft;
}

/** How many connections of users to take, so that descriptors are left for what keeps the service running. */
export function connectionsWithin(openFiles: number): number {
  const affordable = Math.floor((openFiles - RESERVE) / PER_CONNECTION);
  return Math.min(MOST, Math.max(FEWEST, affordable));
}
