import type { Refusal } from '../../core/permission/admission.ts';
import { sayDuration } from '../../core/time.ts';
import { companions } from './any-of.ts';
import type { Outcome } from './assessment.ts';
import type { VerdictClaim } from './claim.ts';
import { latestOf } from './latest-of.ts';
import {
  type Case,
  CLOCK_SKEW,
  counts,
  type Piece,
  sayAge,
  sayNames,
  short,
  used,
  whyNothingCounts,
} from './piece.ts';
import type { Policy, RuleOf } from './policy.ts';
import { refusal } from './refusal-codes.ts';
import { resourceFaults } from './resource.ts';

type Rule = RuleOf<'verdict'>;

/** Met by the newest verdict about this image in the environment before, when it is PASSED and has lasted. */
export function judgeVerdict(rule: Rule, all: Case, repositories: Policy['repositories']): Outcome {
  const misfits = (claim: VerdictClaim) => misfitsOf(rule, all, repositories, claim);
  const latest = latestOf(
    all,
    'verdict',
    rule.signers,
    ({ verifiedAt }) => verifiedAt,
    (claim) => misfits(claim).length === 0,
  );
  if (latest === null) return { kind: 'unmet', refusals: whyNone(rule, all, misfits), notes: [] };
  const refusals = [
    ...latest.unreadable.map(({ verified, detail }) => fault(verified.referrer, `cannot be used: ${detail}`)),
    ...latest.pieces.flatMap((piece) => faultsOf(rule, all, piece)),
  ];
  const notes = latest.pieces.flatMap((piece) => [...companions(piece), ...overrides(piece)]);
  if (refusals.length > 0) return { kind: 'unmet', refusals, notes };
  const evidence = latest.pieces.map((piece) =>
    used(piece, rule.signers, { at: piece.claim.verifiedAt, says: says(rule, all, piece.claim) }),
  );
  return { kind: 'met', evidence, notes };
}

/** What makes it a verdict about something else, or by somebody else, than the rule asks for. */
function misfitsOf(
  rule: Rule,
  { image }: Case,
  repositories: Policy['repositories'],
  { verifier, resourceUri, result }: VerdictClaim,
): readonly string[] {
  // By its digest it is the same image wherever it was: that it failed is not forgotten by copying it.
  const places = result === 'FAILED' ? null : repositories;
  return [
    ...(verifier === rule.verifier
      ? []
      : [
          `its verifier is ${verifier.slice(0, 200)}, and ${sayNames(rule.signers)} may only speak for ${rule.verifier}`,
        ]),
    ...resourceFaults(resourceUri, { ...rule, digest: image.digest, repositories: places }),
  ];
}

function whyNone(
  rule: Rule,
  all: Case,
  misfits: (claim: VerdictClaim) => readonly string[],
): readonly Refusal[] {
  const others = all.pieces.flatMap(({ claim, verified }) =>
    claim.kind === 'verdict' && counts(verified, rule.signers)
      ? misfits(claim).map((why) => fault(verified.referrer, why))
      : [],
  );
  return others.length > 0 ? others : whyNothingCounts(all, 'verdict', rule.signers, 'MISSING_VSA');
}

function faultsOf(
  rule: Rule,
  { now, image }: Case,
  { claim, verified }: Piece<VerdictClaim>,
): readonly Refusal[] {
  const { result, verifiedAt, policy, levels } = claim;
  const faults = result === 'PASSED' ? otherThanRan(claim, image) : [];
  if (result !== 'PASSED') faults.push(`says that the image ${result} in ${rule.environment}`);
  if (verifiedAt > now + CLOCK_SKEW) faults.push('is dated in the future');
  if (rule.policies !== null && (policy === null || !rule.policies.includes(policy))) {
    faults.push(
      `was made by the policy ${policy ?? 'that it does not name'}, which is not among those that are accepted`,
    );
  }
  const lacking = rule.levels.filter((level) => !levels.includes(level));
  if (lacking.length > 0) faults.push(`lacks the level ${sayNames(lacking)}`);
  if (faults.length > 0) return faults.map((why) => fault(verified.referrer, why));
  const lasted = now - verifiedAt;
  if (lasted >= rule.soak) return [];
  return [
    refusal(
      'SOAKING',
      `it was promoted in ${rule.environment} ${sayAge(now, verifiedAt)} and has to last ${sayDuration(rule.soak)}: another ${sayDuration(rule.soak - lasted)}`,
    ),
  ];
}

/** What passed must be what ran. Verdicts that do not say what ran are judged without: see decision 15. */
function otherThanRan({ ran }: VerdictClaim, image: Case['image']): string[] {
  return (ran ?? []).flatMap(({ target, digest }) => {
    if (digest === image.digest) return [];
    const where = JSON.stringify(target.slice(0, 100));
    return digest === null
      ? [`says that the image PASSED, and that nothing was read back from ${where}`]
      : [`says that the image PASSED, and that another one ran on ${where}: ${digest.slice(0, 100)}`];
  });
}

function fault(referrer: string, why: string): Refusal {
  return refusal('VSA_POLICY', `the verdict ${short(referrer)} ${why}`);
}

function overrides({ claim }: Piece<VerdictClaim>): readonly string[] {
  return claim.overrides.map((override) => `overruled there: ${override}`);
}

function says({ environment }: Rule, { now }: Case, claim: VerdictClaim): string {
  const { verifiedAt, overrides: list, ran } = claim;
  const readBack = ran === null ? '' : `, read back from ${ran.map(({ target }) => target).join(', ')}`;
  const overruled = list.length === 0 ? '' : `, with ${list.length} overruled by people`;
  return `promoted in ${environment} ${sayAge(now, verifiedAt)}${readBack.slice(0, 300)}${overruled}`;
}
