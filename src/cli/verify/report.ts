import type { Refusal } from '../../core/permission/admission.ts';
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
    ...(assessment === null ? [] : [sayRules(assessment, now, width)]),
    ...refusals.map((refusal) => sayRefusal(refusal, width)),
    ...(assessment === null ? [] : notesOf(assessment).map((note) => wrap(`· ${note}`, width, '  '))),
    sentence(verified),
  ];
  return blocks.join('\n\n');
}

/** The rules in a table, and under each row what the evidence says. */
function sayRules({ rules }: Assessment, now: Instant, width: number): string {
  const all = rules.flatMap((rule) => rows(rule, now));
  const lines = table(all.map(({ cells }) => cells)).split('\n');
  return lines
    .map((line, index) => {
      const says = all[index]?.says ?? '';
      const indent = ' '.repeat(SAYS_AT);
      return says === '' ? line : `${line}\n${indent}${paint('dim', wrap(says, width - SAYS_AT, indent))}`;
    })
    .join('\n');
}

interface Row {
  readonly cells: readonly string[];
  readonly says: string;
}

/** What evidence says begins under the rule's name. */
const SAYS_AT = 3;

function rows(assessment: RuleAssessment, now: Instant): readonly Row[] {
  const { rule } = assessment;
  if (assessment.kind === 'unmet') {
    const codes = assessment.refusals.map(({ code }) => code);
    return [{ cells: [paint('red', '✗'), rule, paint('red', [...new Set(codes)].join(', '))], says: '' }];
  }
  const met = paint('green', '✓');
  if (assessment.evidence.length === 0) {
    return [{ cells: [met, rule], says: 'repository and platform are right' }];
  }
  return assessment.evidence.map(({ kind, referrer, at, signer, says }) => {
    const age = at === null ? '' : `${sayDuration(Math.max(0, now - at))} old`;
    const digest = `${referrer.slice(0, 'sha256:'.length + 12)}…`;
    return { cells: [met, kind, `by ${signerName(signer)}`, digest, age], says: printable(says) };
  });
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

/** Whom the policy knows it by; the identity behind the name is in the document for programs. */
function signerName(signer: string): string {
  return printable(signer.replace(/ \(.*$/s, ''));
}
