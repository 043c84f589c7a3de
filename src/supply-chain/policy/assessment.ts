import type { Admission, EvidenceUsed, Refusal } from '../../core/permission/admission.ts';
import type { Digest } from '../oci/digest.ts';
import type { RejectedBundle } from '../verification/evidence.ts';
import type { Rule } from './policy.ts';

/** The image that is judged, as it was found in its repository. */
export interface JudgedImage {
  /** Registry and repository. */
  readonly repository: string;
  /** Of its manifest. */
  readonly digest: Digest;
  /** As its configuration says: `linux/amd64`. */
  readonly platform: string;
}

/** What a rule came to. A rule that is met names exactly the evidence that meets it. */
export type Outcome =
  | { readonly kind: 'met'; readonly evidence: readonly EvidenceUsed[]; readonly notes: readonly string[] }
  | { readonly kind: 'unmet'; readonly refusals: readonly Refusal[]; readonly notes: readonly string[] };

/** What is asked about the image itself, and each rule of the policy in its order. */
export type RuleAssessment = Outcome & { readonly rule: 'image' | Rule['evidence'] };

/** The answer to "may this image in, by this policy, now?", rule by rule. */
export interface Assessment {
  readonly image: JudgedImage;
  /** Digest of the policy that was applied. */
  readonly policy: Digest;
  readonly rules: readonly RuleAssessment[];
  /** What is attached to the image and was not believed. */
  readonly ignored: readonly RejectedBundle[];
  /** Null unless every rule is met. */
  readonly admission: Admission | null;
}

/** All reasons for which the image is not let in; empty when it is. */
export function refusalsOf({ rules }: Pick<Assessment, 'rules'>): readonly Refusal[] {
  return rules.flatMap((rule) => (rule.kind === 'unmet' ? rule.refusals : []));
}
