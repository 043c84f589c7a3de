import type { EvidenceUsed } from '../../core/permission/admission.ts';
import { sayDuration } from '../../core/time.ts';
import type { Digest } from '../oci/digest.ts';
import type { JudgedImage } from './assessment.ts';
import type { ExceptionClaim, ExceptionStatement, FoundVulnerability } from './claim.ts';
import { type Case, CLOCK_SKEW, counts, type Piece, piecesBy, sayAge, short, used } from './piece.ts';
import type { RuleOf } from './policy.ts';
import { isProductOf } from './product.ts';

/** Why a vulnerability that was found does not matter here, or why what was said about it does not help. */
export type Exemption =
  | { readonly kind: 'exempt'; readonly evidence: readonly EvidenceUsed[] }
  | { readonly kind: 'not exempt'; readonly notes: readonly string[] };

interface Said {
  readonly piece: Piece<ExceptionClaim>;
  readonly statement: ExceptionStatement;
}

/** Reasons that a program can weigh (OpenVEX 0.2.0). Mere words do not make an exception. */
const JUSTIFICATIONS: readonly string[] = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
];

/**
 * Whether the rule's exception signers say that this vulnerability does not matter in this image. Their newest word about
 * it counts; of two equally new ones the worse. Scanners join advisories that share a name, so that one entry may stand for
 * several CVEs: then each of them has to be excepted by its own.
 */
export function exemption(
  all: Case,
  rule: RuleOf<'scan'>['exceptions'],
  found: FoundVulnerability,
): Exemption {
  const said = statementsAbout(all, found);
  const cves = namesOf(found).filter((name) => name.startsWith('CVE-'));
  if (cves.length < 2) return exemptionBy(said, all, rule, found);
  const answers = cves.map((id) => {
    const ofIts = said.filter(({ statement }) => takesBack(statement) || isCalled(statement, [id]));
    return { id, answer: exemptionBy(ofIts, all, rule, { ...found, id }) };
  });
  const open = answers.filter(({ answer }) => answer.kind === 'not exempt').map(({ id }) => id);
  if (open.length === 0) {
    return {
      kind: 'exempt',
      evidence: answers.flatMap(({ answer }) => (answer.kind === 'exempt' ? answer.evidence : [])),
    };
  }
  const notes = answers.flatMap(({ answer }) => (answer.kind === 'exempt' ? [] : answer.notes));
  const why = `${found.id} stands for ${cves.join(' and ')} there, and ${open.join(' and ')} is not excepted`;
  return { kind: 'not exempt', notes: [...new Set([...notes, ...(said.length === 0 ? [] : [why])])] };
}

function exemptionBy(
  said: readonly Said[],
  all: Case,
  rule: RuleOf<'scan'>['exceptions'],
  found: FoundVulnerability,
): Exemption {
  const strangers = said
    .filter(({ piece }) => rule === null || !counts(piece.verified, rule.signers))
    .map((each) => notApplied(each, found, 'its signer may not make exceptions'));
  if (rule === null) return { kind: 'not exempt', notes: strangers };
  const known = said.filter(({ piece }) => counts(piece.verified, rule.signers));
  const elsewhere = known.flatMap((each) => {
    const why = mismatch(each.statement, found, all.image);
    return why === null ? [] : [notApplied(each, found, why)];
  });
  const matching = known.filter(({ statement }) => mismatch(statement, found, all.image) === null);
  const newest = Math.max(...matching.map(({ statement }) => statement.at));
  const latest = matching.filter(({ statement }) => statement.at === newest);
  const faults = [
    ...latest.flatMap((each) => {
      const why = fault(each.statement, rule.maxAge, all);
      return why === null ? [] : [notApplied(each, found, why)];
    }),
    ...unreadableSince(newest, all, rule.signers),
  ];
  const [first] = latest;
  if (first === undefined || faults.length > 0) {
    return { kind: 'not exempt', notes: [...faults, ...elsewhere, ...strangers] };
  }
  const { statement, piece } = first;
  const why = statement.justification === null ? statement.status : statement.justification;
  const says = `${found.id} does not matter here: ${why.replaceAll('_', ' ')}, said ${sayAge(all.now, statement.at)}`;
  return { kind: 'exempt', evidence: [used(piece, rule.signers, { at: statement.at, says })] };
}

function statementsAbout(all: Case, found: FoundVulnerability): readonly Said[] {
  const everybody = all.pieces.flatMap(({ verified }) => verified.signers);
  return piecesBy(all, 'exception', everybody).flatMap((piece) =>
    piece.claim.statements
      .filter((statement) => isCalled(statement, namesOf(found)))
      .map((statement) => ({ piece, statement })),
  );
}

/** What cannot be read may take back what was said before. */
function unreadableSince(
  newest: number,
  { unreadable }: Case,
  signers: readonly string[],
): readonly string[] {
  return unreadable
    .filter(({ as, verified }) => as === 'exception' && counts(verified, signers))
    .filter(({ verified }) => (verified.signedAt ?? Infinity) >= newest)
    .map(
      ({ verified, detail }) =>
        `an exception (${short(verified.referrer)}) cannot be read, so that no older one is applied: ${detail}`,
    );
}

function namesOf({ id, aliases }: FoundVulnerability): readonly string[] {
  return [...new Set([id, ...aliases])];
}

function isCalled(statement: ExceptionStatement, names: readonly string[]): boolean {
  return [statement.vulnerability, ...statement.aliases].some((name) => names.includes(name));
}

/** Whether it excepts nothing: such a word counts under any name. */
function takesBack({ status }: ExceptionStatement): boolean {
  return status !== 'fixed' && status !== 'not_affected';
}

/** Why the statement is about something else than this vulnerability in this image; null when it is not. */
function mismatch(
  { products }: ExceptionStatement,
  { component }: FoundVulnerability,
  image: JudgedImage,
): string | null {
  // Then the subject of the attestation is what it is about, and that is this image.
  if (products.length === 0) return null;
  const ours = products.filter(({ ids }) => ids.some((id) => isProductOf(id, image)));
  if (ours.length === 0) return `its product is not this image (${short(image.digest satisfies Digest)})`;
  const isMeant = ours.some(
    ({ components }) => components.length === 0 || (component !== null && components.includes(component)),
  );
  return isMeant ? null : `it is about another component than ${component ?? 'the one that was found'}`;
}

function fault(
  { status, justification, at }: ExceptionStatement,
  maxAge: number,
  { now }: Case,
): string | null {
  if (at > now + CLOCK_SKEW) return 'it is dated in the future';
  if (now - at > maxAge) return `it was said ${sayAge(now, at)}, and counts for ${sayDuration(maxAge)}`;
  if (status === 'fixed') return null;
  if (status !== 'not_affected') return `its status is ${status}`;
  if (justification !== null && JUSTIFICATIONS.includes(justification)) return null;
  return 'it gives no justification of those that OpenVEX lists';
}

function notApplied({ piece }: Said, { id }: FoundVulnerability, why: string): string {
  return `an exception for ${id} is present (${short(piece.verified.referrer)}) but not applied, because ${why}`;
}
