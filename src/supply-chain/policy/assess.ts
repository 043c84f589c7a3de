import type { Admission, Refusal } from '../../core/permission/admission.ts';
import type { Instant } from '../../core/time.ts';
import { isAbout } from '../attestations/statement.ts';
import { isDigest } from '../oci/digest.ts';
import type { AttachedEvidence, RejectedBundle, VerifiedStatement } from '../verification/evidence.ts';
import { anyOf } from './any-of.ts';
import { type Assessment, type JudgedImage, type Outcome, type RuleAssessment } from './assessment.ts';
import { kindOfPredicate, readClaim } from './read-claim.ts';
import { type Case, sayNames } from './piece.ts';
import type { Policy, Rule } from './policy.ts';
import { policyDigest } from './policy-digest.ts';
import { provenanceFaults, sayBuild } from './provenance-rule.ts';
import { refusal } from './refusal-codes.ts';
import { judgeScan } from './scan-rule.ts';
import { judgeVerdict } from './verdict-rule.ts';

/**
 * Whether the image may in by the policy, and why: every rule with exactly the evidence that meets it, or with every
 * reason for which what is there does not. Pure, and never throws for what evidence says.
 */
export function assess(
  policy: Policy,
  image: JudgedImage,
  evidence: AttachedEvidence,
  now: Instant,
): Assessment {
  const all = caseOf(image, evidence, now);
  const rules: readonly RuleAssessment[] = [
    { rule: 'image', ...judgeImage(policy, image) },
    ...policy.rules.map((rule) => ({ rule: rule.evidence, ...judge(rule, all, policy) })),
  ];
  const digest = policyDigest(policy);
  return {
    image,
    policy: digest,
    rules,
    ignored: evidence.rejected,
    admission: admissionBy(digest, rules, all),
  };
}

function caseOf(image: JudgedImage, { statements, rejected }: AttachedEvidence, now: Instant): Case {
  const [own, strange] = partition(statements, ({ statement }) => isAbout(statement, image.digest));
  const read = own.flatMap((verified) => readClaim(verified));
  return {
    image,
    pieces: read.filter((piece) => 'claim' in piece),
    unreadable: read.filter((piece) => 'as' in piece),
    rejected: [...rejected, ...strange.map(aboutAnother)].map((each) => ({
      ...each,
      as: kindOfPredicate(each.claimsToBe ?? ''),
    })),
    now,
  };
}

function aboutAnother({ referrer, statement }: VerifiedStatement): RejectedBundle {
  const detail = 'it is about another image';
  return { referrer, code: 'SUBJECT_MISMATCH', detail, claimsToBe: statement.predicateType };
}

function partition<T>(
  all: readonly T[],
  isFirst: (each: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  return [all.filter(isFirst), all.filter((each) => !isFirst(each))];
}

function judge(rule: Rule, all: Case, { repositories }: Policy): Outcome {
  switch (rule.evidence) {
    case 'signature':
      return anyOf(all, {
        kind: 'signature',
        signers: rule.signers,
        missing: 'MISSING_SIGNATURE',
        faults: () => [],
        says: () => 'signed',
      });
    case 'provenance':
      return anyOf(all, {
        kind: 'provenance',
        signers: rule.signers,
        missing: 'MISSING_PROVENANCE',
        faults: (claim) => provenanceFaults(rule, claim, all.now),
        says: sayBuild,
      });
    case 'sbom':
      return anyOf(all, {
        kind: 'sbom',
        signers: rule.signers,
        missing: 'MISSING_SBOM',
        faults: ({ components }) => (components > 0 ? [] : [refusal('SBOM_POLICY', 'it lists no component')]),
        says: ({ format, components }) => `${components} components, ${format}`,
      });
    case 'scan':
      return judgeScan(rule, all);
    case 'verdict':
      return judgeVerdict(rule, all, repositories);
    default:
      return rule satisfies never;
  }
}

function judgeImage({ repositories, platform }: Policy, image: JudgedImage): Outcome {
  const wanted = `${platform.os}/${platform.architecture}`;
  const refusals: Refusal[] = [];
  if (!isDigest(image.digest)) refusals.push(refusal('NOT_A_DIGEST', `${String(image.digest)} is no digest`));
  if (!repositories.includes(image.repository)) {
    refusals.push(
      refusal(
        'REPOSITORY_NOT_ALLOWED',
        `images may come from ${sayNames(repositories)}, not from ${image.repository}`,
      ),
    );
  }
  if (image.platform !== wanted) {
    refusals.push(refusal('WRONG_PLATFORM', `the image is for ${image.platform}, not for ${wanted}`));
  }
  return refusals.length > 0
    ? { kind: 'unmet', refusals, notes: [] }
    : { kind: 'met', evidence: [], notes: [] };
}

/** There is no admission without evidence, so a policy without rules lets nobody in. */
function admissionBy(policy: string, rules: readonly RuleAssessment[], all: Case): Admission | null {
  const evidence = rules.flatMap((rule) => (rule.kind === 'met' ? rule.evidence : []));
  if (rules.some(({ kind }) => kind === 'unmet') || evidence.length === 0) return null;
  const used = new Set(evidence.map(({ bundle }) => bundle));
  const builtAt = all.pieces.flatMap(({ claim, verified: { bundle, signedAt } }) =>
    claim.kind === 'provenance' && claim.builtAt !== null && used.has(bundle)
      ? [Math.min(claim.builtAt, signedAt ?? Infinity)]
      : [],
  );
  return { policy, evidence, builtAt: builtAt[0] ?? null };
}
