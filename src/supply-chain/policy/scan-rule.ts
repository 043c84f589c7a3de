import type { Refusal } from '../../core/permission/admission.ts';
import { sayDuration, type Instant, type Milliseconds } from '../../core/time.ts';
import { isAtLeast } from '../vulnerabilities/severity.ts';
import { companions } from './any-of.ts';
import type { Outcome } from './assessment.ts';
import type { FoundVulnerability, ScanClaim } from './claim.ts';
import { exemption, type Exemption } from './exceptions.ts';
import { latestOf } from './latest-of.ts';
import { type Case, CLOCK_SKEW, type Piece, sayAge, short, used, whyNothingCounts } from './piece.ts';
import type { RuleOf } from './policy.ts';
import { refusal } from './refusal-codes.ts';

/** Met by the newest scan, when it is fresh and found nothing too severe that no exception covers. */
export function judgeScan(rule: RuleOf<'scan'>, all: Case): Outcome {
  const latest = latestOf(all, 'scan', rule.signers, ({ finishedAt }) => finishedAt);
  if (latest === null) {
    return {
      kind: 'unmet',
      refusals: whyNothingCounts(all, 'scan', rule.signers, 'MISSING_SCAN'),
      notes: [],
    };
  }
  const outcomes = latest.pieces.map((piece) => judgeOne(rule, all, piece));
  const refusals = [
    ...latest.unreadable.map(({ verified, detail }) =>
      refusal('SCAN_FAILED', `the newest scan ${short(verified.referrer)} cannot be used: ${detail}`),
    ),
    ...outcomes.flatMap((outcome) => (outcome.kind === 'unmet' ? outcome.refusals : [])),
  ];
  const notes = outcomes.flatMap((outcome) => outcome.notes);
  if (refusals.length > 0) return { kind: 'unmet', refusals, notes };
  const evidence = outcomes.flatMap((outcome) => (outcome.kind === 'met' ? outcome.evidence : []));
  return { kind: 'met', evidence, notes };
}

function judgeOne(rule: RuleOf<'scan'>, all: Case, piece: Piece<ScanClaim>): Outcome {
  const { claim, verified } = piece;
  const severe = claim.vulnerabilities
    .filter(({ severity }) => isAtLeast(severity ?? 'unknown', rule.failOn))
    .map((found) => ({ found, answer: exemption(all, rule.exceptions, found) }));
  const open = severe.filter(({ answer }) => answer.kind === 'not exempt').map(({ found }) => found);
  const refusals = [
    ...staleness(rule, all.now, piece),
    ...(open.length === 0
      ? []
      : [refusal('VULNERABLE', `the newest scan ${short(verified.referrer)} found ${sayFound(open)}`)]),
  ];
  const notes = [...companions(piece), ...severe.flatMap(({ answer }) => notesOf(answer))];
  if (refusals.length > 0) return { kind: 'unmet', refusals, notes };
  const exceptions = severe.flatMap(({ answer }) => (answer.kind === 'exempt' ? answer.evidence : []));
  const says = `${sayClean(rule, claim, exceptions.length)}, scanned ${sayAge(all.now, claim.finishedAt)} by ${claim.scanner}`;
  return {
    kind: 'met',
    evidence: [used(piece, rule.signers, { at: claim.finishedAt, says }), ...exceptions],
    notes,
  };
}

/** What is wrong with the times of the scan and of its data. What a log saw earlier than it is said to be counts from then. */
function staleness(
  { maxAge, maxDatabaseAge }: RuleOf<'scan'>,
  now: Instant,
  { claim, verified }: Piece<ScanClaim>,
): readonly Refusal[] {
  const stale = (detail: string) => [
    refusal('SCAN_STALE', `the newest scan ${short(verified.referrer)} ${detail}`),
  ];
  const { finishedAt, databaseAt } = claim;
  if (databaseAt === null) return stale('does not say how old the data is that it was made with');
  return [
    ...tooOld('was made', finishedAt, maxAge),
    ...tooOld('used data that was made', databaseAt, maxDatabaseAge),
  ];

  function tooOld(what: string, said: Instant, limit: Milliseconds): readonly Refusal[] {
    if (said > now + CLOCK_SKEW) return stale(`${what} in the future, by its own word`);
    const at = Math.min(said, verified.signedAt ?? said);
    return now - at > limit ? stale(`${what} ${sayAge(now, at)}; the limit is ${sayDuration(limit)}`) : [];
  }
}

function notesOf(answer: Exemption): readonly string[] {
  return answer.kind === 'exempt' ? [] : answer.notes;
}

/** So many are named; the rest is counted. */
const NAMED = 5;

function sayFound(found: readonly FoundVulnerability[]): string {
  const names = found.slice(0, NAMED).map(({ id, severity, component }) => {
    const where = component === null ? '' : ` in ${component}`;
    return `${id} (${severity ?? 'unrated, which counts as high'})${where}`;
  });
  const more = found.length > NAMED ? [`${found.length - NAMED} more`] : [];
  return [...names, ...more].join(', ');
}

function sayClean({ failOn }: RuleOf<'scan'>, { vulnerabilities }: ScanClaim, exceptions: number): string {
  const known = `${vulnerabilities.length} known`;
  const excepted = exceptions === 0 ? '' : `, ${exceptions} by exception`;
  return `no vulnerability of severity ${failOn} or above that counts (${known}${excepted})`;
}
