import { createHash } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import type { Instant } from '../../core/time.ts';
import { SupplyChainError } from '../error.ts';
import { digestOf, type Digest } from '../oci/digest.ts';
import { type Advisory, advisory } from './advisory.ts';
import { DATABASE_FILE, storedAdvisories } from './advisory-files.ts';
import { parseInstant } from './instant.ts';

/** What was read of a directory of advisories. */
export interface Database {
  /** How many advisories there are; those that were withdrawn count, too. */
  readonly advisories: number;
  /** When its data was fetched, by its own word; otherwise the time of its newest advisory. */
  readonly lastUpdate: Instant;
  /** URL that it was fetched from; null if it does not say, or says several. */
  readonly source: string | null;
  /** Of all its files, by name and content. */
  readonly digest: Digest;
  /** What it has advisories on: `npm`, `Debian:12`, … */
  readonly ecosystems: ReadonlySet<string>;
  readonly problems: readonly DatabaseProblem[];
}

/** A part of the database that cannot be used. */
export interface DatabaseProblem {
  readonly place: string;
  readonly why: string;
}

/** Clocks differ, by no more than this. */
const SKEW = 24 * 60 * 60 * 1000;

const databaseFile = z.strictObject({ lastUpdate: z.string(), source: z.url().max(1024).optional() });

/**
 * Reads every advisory of a directory, one at a time, and gives each to `take`. What is malformed is listed, and the rest
 * is read. Throws `SCAN_FAILED` when there is no advisory at all.
 */
export async function readDatabase(
  directory: string,
  now: Instant,
  take: (advisory: Advisory, place: string) => void,
): Promise<Database> {
  const problems: DatabaseProblem[] = [];
  const ecosystems = new Set<string>();
  const fetched: Fetched[] = [];
  const hash = createHash('sha256');
  let [advisories, newest] = [0, 0];
  for await (const stored of entriesOf(directory)) {
    if (stored.kind === 'unreadable') {
      problems.push({ place: stored.place, why: stored.why });
      continue;
    }
    const { place, bytes } = stored;
    hash.update(`${JSON.stringify(place)} ${digestOf(bytes)}\n`);
    const read =
      path.posix.basename(place) === DATABASE_FILE ? readFetched(bytes, now) : readAdvisory(bytes, now);
    if ('why' in read) problems.push({ place, why: read.why });
    else if ('fetchedAt' in read) fetched.push(read);
    else {
      advisories += 1;
      newest = Math.max(newest, read.modified);
      for (const { package: about } of read.affected) if (about) ecosystems.add(about.ecosystem);
      take(read, place);
    }
  }
  if (advisories === 0) throw nothingIn(directory, problems);
  return {
    advisories,
    lastUpdate: fetched.length > 0 ? Math.min(...fetched.map(({ fetchedAt }) => fetchedAt)) : newest,
    source: fetched.length === 1 ? (fetched[0]?.source ?? null) : null,
    digest: `sha256:${hash.digest('hex')}`,
    ecosystems,
    problems,
  };
}

async function* entriesOf(directory: string) {
  try {
    yield* storedAdvisories(directory);
  } catch (cause) {
    throw nothingIn(directory, [], cause);
  }
}

function readAdvisory(bytes: Buffer, now: Instant): Advisory | { readonly why: string } {
  const document = parseJson(bytes);
  if (document === undefined) return { why: 'it is no JSON' };
  const parsed = advisory.safeParse(document);
  if (!parsed.success) return { why: z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ').slice(0, 300) };
  // It would make the database look fresh for ever.
  return parsed.data.modified > now + SKEW
    ? { why: 'it was modified in the future, by its own word' }
    : parsed.data;
}

/** What the database's own file says. */
interface Fetched {
  readonly fetchedAt: Instant;
  readonly source: string | null;
}

function readFetched(bytes: Buffer, now: Instant): Fetched | { readonly why: string } {
  const parsed = databaseFile.safeParse(parseJson(bytes));
  const fetchedAt = parsed.success ? parseInstant(parsed.data.lastUpdate) : null;
  if (fetchedAt === null || fetchedAt > now + SKEW) {
    return {
      why: 'it must be {"lastUpdate": "<when the data was fetched>", "source": "<from where>"}, with a time such as 2026-01-05T00:00:00Z that is not in the future',
    };
  }
  return { fetchedAt, source: parsed.data?.source ?? null };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function nothingIn(
  directory: string,
  problems: readonly DatabaseProblem[],
  cause?: unknown,
): SupplyChainError {
  const [first] = problems;
  const why = first === undefined ? '' : ` (${first.place}: ${first.why})`;
  return new SupplyChainError(
    'SCAN_FAILED',
    `there are no advisories in ${directory}${why}, and without them nothing can be said about the image. Fill it with advisories in the OSV format: unpack https://osv-vulnerabilities.storage.googleapis.com/npm/all.zip and …/Debian/all.zip there, each into a directory of its own`,
    { cause },
  );
}
