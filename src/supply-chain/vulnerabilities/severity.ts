import type { Advisory, Affected } from './advisory.ts';
import { cvssScore } from './cvss-score.ts';

/** How bad a vulnerability is; `unknown` when nobody has rated it, which policies take for `high`. */
export type Rating = 'unknown' | 'low' | 'medium' | 'high' | 'critical';

/** One rating, as somebody gave it. */
export interface Score {
  /** `CVSS_V3`, or who says so in words. */
  readonly method: string;
  /** A base score from 0 to 10, or a word. */
  readonly score: string;
}

export interface Severity {
  readonly rating: Rating;
  readonly scores: readonly Score[];
}

/** From the least to the worst. */
export const RATINGS = ['low', 'medium', 'high', 'critical'] as const satisfies readonly Rating[];

/** Ids of packages that are themselves an attack, in the OpenSSF's collection of them. */
const MALICIOUS = /^MAL-/;

/** Names of ratings in advisories of GitHub, Debian and others. */
const WORDS: ReadonlyMap<string, Exclude<Rating, 'unknown'>> = new Map([
  ['unimportant', 'low'],
  ['negligible', 'low'],
  ['low', 'low'],
  ['moderate', 'medium'],
  ['medium', 'medium'],
  ['important', 'high'],
  ['high', 'high'],
  ['critical', 'critical'],
]);

/**
 * The worst that the advisory says: by its CVSS vectors and by the word of its database. Debian's urgency says how soon it
 * should be fixed there, and counts only when nothing else is said.
 */
export function severityOf(advisory: Advisory, affected: Affected): Severity {
  const vectors = [...advisory.severity, ...affected.severity].flatMap(scoreOf);
  const words = [
    ...(MALICIOUS.test(advisory.id) ? [{ method: 'malicious package', score: 'critical' }] : []),
    ...wordOf('database', advisory.database_specific?.severity),
    ...wordOf('database', affected.database_specific?.severity ?? affected.ecosystem_specific?.severity),
  ];
  const said = [...vectors, ...words];
  return worst(said.length > 0 ? said : wordOf('urgency', affected.ecosystem_specific?.urgency));
}

/** The worst of several ratings, and all of them, each once. */
export function worst(scores: readonly Score[]): Severity {
  const unique = new Map(scores.map((score) => [`${score.method} ${score.score}`, score]));
  const sorted = [...unique.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, score]) => score);
  const ratings = sorted.map(({ score }) => ratingOf(score));
  return { rating: RATINGS.findLast((rating) => ratings.includes(rating)) ?? 'unknown', scores: sorted };
}

/** Whether it is as bad as the limit, or worse. What is unknown may be high. */
export function isAtLeast(rating: Rating, limit: Exclude<Rating, 'unknown'>): boolean {
  const counted = rating === 'unknown' ? 'high' : rating;
  return RATINGS.indexOf(counted) >= RATINGS.indexOf(limit);
}

/**
 * What a word, a base score of CVSS, or the vector that it is computed from says, on the scale of CVSS 3 and 4 for all
 * versions; 0, which is "none" there, is low here: it is known, after all. What cannot be read counts as high, beside
 * others too: it may be the worst that is said.
 */
export function ratingOf(said: string): Exclude<Rating, 'unknown'> {
  const word = WORDS.get(said.trim().toLowerCase());
  if (word !== undefined) return word;
  const number = scoreIn(said.trim());
  if (number === null) return 'high';
  if (number >= 9) return 'critical';
  if (number >= 7) return 'high';
  return number >= 4 ? 'medium' : 'low';
}

function scoreIn(said: string): number | null {
  if (!/^\d+(\.\d+)?$/.test(said)) return cvssScore(said);
  const score = Number(said);
  return score <= 10 ? score : null;
}

function wordOf(method: string, said: unknown): readonly Score[] {
  return typeof said === 'string' && WORDS.has(said.toLowerCase())
    ? [{ method, score: said.toLowerCase() }]
    : [];
}

/** As a word or a number; what cannot be read is said to be high, as which it counts. */
function scoreOf({ type, score: said }: Advisory['severity'][number]): readonly Score[] {
  const word = wordOf(type, said);
  if (word.length > 0) return word;
  const score = scoreIn(said);
  return [{ method: type, score: score === null ? 'high' : score.toFixed(1) }];
}
