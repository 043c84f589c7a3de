import type { Refusal } from '../../core/admission.ts';
import { printable } from '../../core/printable.ts';
import { type Instant, sayDuration } from '../../core/time.ts';
import type { Assessment, RuleAssessment } from '../../supply-chain/policy/assessment.ts';
import type { Policy } from '../../supply-chain/policy/policy.ts';
import { paint, table } from '../view/format.ts';
import { wrap } from '../view/wrap.ts';

/** What the gate would say, and to whom. */
export interface Verified {
  readonly environment: string;
  readonly mode: Policy['mode'];
  /** Null when the image could not even be read. */
  readonly assessment: Assessment | null;
  readonly refusals: readonly Refusal[];
  /** Whether the gate would wait rather than close. */
  readonly isPassing: boolean;
}

/** What the gate would say, evidence by evidence, in lines of at most that width. */
export function verifyReport(verified: Verified, now: Instant, width: number): string {
  const { assessment, refusals } = verified;
  const blocks = [
    ...(assessment === null
      ? []
      : [table([HEADINGS, ...assessment.rules.flatMap((rule) => rows(rule, now))])]),
    ...refusals.map((refusal) => sayRefusal(refusal, width)),
    ...(assessment === null ? [] : notesOf(assessment).map((note) => wrap(`· ${note}`, width, '  '))),
    sentence(verified),
  ];
  return blocks.join('\n\n');
}

const HEADINGS = ['RULE', '', 'EVIDENCE', 'AGE', 'SIGNER', 'SAYS'];

function rows(assessment: RuleAssessment, now: Instant): readonly (readonly string[])[] {
  const { rule } = assessment;
  if (assessment.kind === 'unmet') {
    const codes = assessment.refusals.map(({ code }) => code);
    return [[rule, paint('red', 'unmet'), '', '', '', [...new Set(codes)].join(', ')]];
  }
  const met = paint('green', 'met');
  if (assessment.evidence.length === 0) return [[rule, met, '', '', '', 'repository and platform are right']];
  return assessment.evidence.map(({ kind, referrer, at, signer, says }) => [
    kind,
    met,
    `${referrer.slice(0, 'sha256:'.length + 12)}…`,
    at === null ? 'unknown' : sayDuration(Math.max(0, now - at)),
    shortened(printable(signer)),
    printable(says),
  ]);
}

function sayRefusal({ code, detail, remedy }: Refusal, width: number): string {
  return [
    `${paint('red', code)}  ${wrap(`${capital(printable(detail))}.`, width - code.length - 2, '  ')}`,
    wrap(`  To do: ${remedy}.`, width, '  '),
  ].join('\n');
}

function notesOf({ rules, ignored }: Assessment): readonly string[] {
  return [
    ...rules.flatMap(({ notes }) => notes.map(printable)),
    ...ignored.map(
      ({ referrer, code, detail }) =>
        `not believed: ${referrer.slice(0, 19)}…, ${code}: ${printable(detail)}`,
    ),
  ];
}

function sentence({ environment, mode, refusals, isPassing }: Verified): string {
  if (refusals.length === 0) return paint('green', `${environment} would let it in.`);
  if (isPassing) return paint('yellow', `${environment} would let it wait.`);
  if (mode === 'warn') {
    return paint('yellow', `${environment} would let it in with a warning; the rules are not met.`);
  }
  const count = refusals.length === 1 ? 'one reason' : `${refusals.length} reasons`;
  return paint('red', `${environment} would not let it in, for ${count}.`);
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** Names come first, and keys and subjects are long; the document for programs has them whole. */
const LONGEST_SIGNER = 36;

function shortened(signer: string): string {
  return signer.length > LONGEST_SIGNER ? `${signer.slice(0, LONGEST_SIGNER - 1)}…` : signer;
}
