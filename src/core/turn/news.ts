import { onFailureOf } from '../judging/judge.ts';
import type { Reason } from '../reason.ts';
import { isStopped, standstill } from '../permission/recheck.ts';
import type { Finding, Rollout } from '../rollout.ts';

/** An outage of fewer turns than this is not worth a line. */
const WORTH_TELLING = 3;

/** What an observation brought that the journal should know of although it moves nothing. */
export function news(before: Rollout, after: Rollout): readonly Reason[] {
  return [
    ...targetNews(before, after),
    ...findingNews(before, after),
    ...recheckNews(before, after),
    ...verdictNews(before, after),
  ];
}

function targetNews(before: Rollout, after: Rollout): readonly Reason[] {
  return Object.entries(after.targets ?? {}).flatMap(([target, state]): Reason[] => {
    const old = before.targets?.[target];
    if (old === undefined) return [];
    const reasons: Reason[] = [];
    if (state.guardFiredAt !== null && state.guardFiredAt !== old.guardFiredAt) {
      reasons.push({ code: 'guard-fired', target, at: state.guardFiredAt });
    }
    const worth = WORTH_TELLING * after.plan.turnEvery;
    const [was, is] = [old.outage?.watched ?? 0, state.outage?.watched ?? 0];
    if (state.outage !== null && is > worth && was <= worth) {
      reasons.push({ code: 'unreadable', target, detail: state.outage.error });
    }
    if (state.homeTrouble !== null && (old.homeTrouble ?? null) === null) {
      reasons.push({ code: 'stable-down', target, detail: state.homeTrouble });
    }
    if (state.outage === null && was > worth) reasons.push({ code: 'readable', target, after: was });
    return reasons;
  });
}

/** Findings that nobody acts on, when they appear. */
function findingNews(before: Rollout, after: Rollout): readonly Reason[] {
  const isSilent = (finding: Finding) =>
    finding.reason.code === 'environment-unhealthy' ||
    (finding.kind === 'fail' && onFailureOf(after, finding) === 'report');
  const known = new Set(before.findings.filter(isSilent).map(keyOf));
  return after.findings
    .filter((finding) => isSilent(finding) && !known.has(keyOf(finding)))
    .map((finding) => finding.reason);
}

/** When what the candidate was let in by keeps it from going on, and when it does not any more. */
function recheckNews(before: Rollout, after: Rollout): readonly Reason[] {
  const [was, is] = [isStopped(before), isStopped(after)];
  return is && !was ? standstill(after) : was && !is ? [{ code: 'recheck-passed' }] : [];
}

function verdictNews({ attestation: before }: Rollout, { attestation: after }: Rollout): readonly Reason[] {
  const isNew =
    after.attested?.result !== before.attested?.result || after.attested?.digest !== before.attested?.digest;
  const attested: readonly Reason[] =
    isNew && after.attested !== null ? [{ code: 'attested', ...after.attested }] : [];
  const trouble: readonly Reason[] =
    before.trouble === null && after.trouble !== null
      ? [{ code: 'not-attested', detail: after.trouble.detail, after: 0 }]
      : [];
  return [...attested, ...trouble];
}

function keyOf(finding: Finding): string {
  return `${finding.target} ${finding.check} ${finding.reason.code}`;
}
