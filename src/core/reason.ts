import type { EvidenceUsed, Refusal } from './permission/admission.ts';
import type { Count } from './analysis/count.ts';
import type { Attested } from './attestation.ts';
import type { Metric } from './analysis/settings.ts';
import type { OnInconclusive } from './plan.ts';
import { printable } from './printable.ts';
import { BEYOND_EDGES } from './sample.ts';
import { sayDuration, type Instant, type Milliseconds } from './time.ts';

/** A share in percent, or a latency. */
export type Unit = 'share' | 'ms';

/** Numbers behind a judgement of a check on one target. */
export interface Measured {
  readonly check: string;
  readonly target: string;
  readonly unit: Unit;
  /** Null where there were no requests. */
  readonly candidate: number | null;
  readonly stable: number | null;
  readonly max: number;
  /** Requests that the candidate answered in the window. */
  readonly requests: number;
  /** Of those, how many ended badly. */
  readonly failed: number;
}

/** Evidence behind a judgement of the analysis: one measure on one target. Logarithms are natural. */
export interface Weighed {
  readonly check: Metric;
  readonly target: string;
  /** All requests judged so far, and how many of them failed. */
  readonly stable: Count;
  readonly candidate: Count;
  /** log evidence of this measure that the candidate is worse. */
  readonly against: number;
  /** log evidence of this measure, in this step, that it is not. */
  readonly inFavour: number;
  /** log evidence of all measures and targets that the candidate is worse, and where that means rollback. */
  readonly total: number;
  readonly limit: number;
}

/** Why a rollout did what it did. Each code has its facts; `sayReason` has the words, the same everywhere. */
export type Reason =
  | ({ readonly code: 'worse' } & Weighed)
  | ({ readonly code: 'both-breach' } & Weighed)
  | ({ readonly code: 'suspicious' } & Weighed)
  | ({ readonly code: 'not-worse' } & Weighed)
  | ({ readonly code: 'would-be-missed'; readonly mustFind: number } & Weighed)
  | {
      readonly code: 'proven-good';
      readonly weight: number;
      readonly margin: number;
      readonly after: Milliseconds;
    }
  | ({ readonly code: 'check-failed' } & Measured)
  | ({ readonly code: 'check-failed-alone' } & Measured)
  | ({ readonly code: 'environment-unhealthy' } & Measured)
  | ({ readonly code: 'check-passed' } & Measured)
  | ({ readonly code: 'not-enough-evidence'; readonly needed: number } & Measured)
  | { readonly code: 'candidate-down'; readonly target: string; readonly detail: string }
  | { readonly code: 'stable-down'; readonly target: string; readonly detail: string }
  | {
      readonly code: 'not-healthy';
      readonly target: string;
      readonly detail: string;
      readonly after: Milliseconds;
    }
  | { readonly code: 'does-not-start'; readonly target: string; readonly detail: string }
  | {
      readonly code: 'smoke-failed';
      readonly target: string;
      readonly detail: string;
      readonly after: Milliseconds;
    }
  | {
      readonly code: 'wrong-digest';
      readonly target: string;
      readonly wanted: string;
      readonly running: string;
    }
  | {
      readonly code: 'did-not-follow';
      readonly target: string;
      readonly detail: string;
      readonly after: Milliseconds;
    }
  | { readonly code: 'blind'; readonly target: string; readonly detail: string; readonly after: Milliseconds }
  | { readonly code: 'unreadable'; readonly target: string; readonly detail: string }
  | { readonly code: 'readable'; readonly target: string; readonly after: Milliseconds }
  | {
      readonly code: 'commanded';
      readonly by: string;
      readonly command: string;
      readonly note: string | null;
    }
  | { readonly code: 'superseded'; readonly rollout: string }
  | { readonly code: 'waiting'; readonly gate: string; readonly detail: string }
  | {
      readonly code: 'gate-closed';
      readonly gate: string;
      readonly detail: string;
      readonly refusals?: readonly Refusal[];
    }
  | {
      readonly code: 'only-reported';
      readonly gate: string;
      readonly refusals: readonly Refusal[];
    }
  | {
      readonly code: 'overruled';
      readonly gate: string;
      readonly detail: string;
      readonly refusals: readonly Refusal[];
      readonly by: string;
      readonly note: string;
      readonly allowedBy: string;
      readonly until: Instant;
    }
  | { readonly code: 'admitted'; readonly policy: string; readonly evidence: readonly EvidenceUsed[] }
  | { readonly code: 'not-approved'; readonly by: string; readonly note: string | null }
  | { readonly code: 'recheck-due'; readonly detail: string; readonly after: Milliseconds }
  | {
      readonly code: 'recheck-failed';
      readonly gate: string;
      readonly detail: string;
      readonly refusals: readonly Refusal[];
    }
  | { readonly code: 'recheck-passed' }
  | ({ readonly code: 'attested'; readonly digest: string } & Attested)
  | { readonly code: 'not-attested'; readonly detail: string; readonly after: Milliseconds }
  | { readonly code: 'never-attested'; readonly detail: string; readonly after: Milliseconds }
  | { readonly code: 'gates-open'; readonly gates: readonly string[] }
  | { readonly code: 'ready'; readonly targets: readonly string[] }
  | { readonly code: 'returned'; readonly to: string }
  | { readonly code: 'first-release' }
  | { readonly code: 'already-stable'; readonly release: string }
  | { readonly code: 'no-steps' }
  | { readonly code: 'barrier'; readonly weight: number; readonly targets: readonly string[] }
  | { readonly code: 'step-done'; readonly weight: number; readonly watched: Milliseconds }
  | { readonly code: 'inconclusive'; readonly policy: OnInconclusive }
  | { readonly code: 'evidence-came'; readonly after: Milliseconds }
  | { readonly code: 'held-too-long'; readonly after: Milliseconds }
  | { readonly code: 'guard-fired'; readonly target: string; readonly at: Instant }
  | { readonly code: 'drifted'; readonly target: string; readonly detail: string }
  | { readonly code: 'at-home'; readonly targets: readonly string[] }
  | { readonly code: 'never-home'; readonly targets: readonly string[] }
  | { readonly code: 'settled' };

/** One sentence for people, without a full stop at the end. Always printable, whatever notes and details hold. */
export function sayReason(reason: Reason): string {
  return printable(sayFacts(reason));
}

function sayFacts(reason: Reason): string {
  switch (reason.code) {
    case 'worse':
      return `${reason.check} on ${reason.target}: ${sayWorse(reason)}`;
    case 'both-breach':
      return `${reason.check} on ${reason.target}: stable fails more often than promised as well, so it is not the candidate's doing: ${sayCounts(reason)}`;
    case 'suspicious':
      return `${reason.check} on ${reason.target}: something speaks against the candidate, but not enough yet: ${sayProgress(reason)}`;
    case 'not-worse':
      return `${reason.check} on ${reason.target}: ${sayNotWorse(reason)}`;
    case 'would-be-missed':
      return `${reason.check} on ${reason.target}: not enough evidence: ${reason.candidate.requests} requests reached the candidate, and one that fails ${sayValue(reason.mustFind, 'share')} of them would be missed too often`;
    case 'proven-good':
      return `after ${sayDuration(reason.after)} at ${reason.weight} % it is proved that the candidate is worse by less than ${sayValue(reason.margin, 'share')}, if at all`;
    case 'check-failed':
      return `${reason.check} on ${reason.target}: the candidate's ${sayMeasured(reason)}`;
    case 'check-failed-alone':
      return `${reason.check} on ${reason.target}: the candidate's ${sayMeasured(reason)}; with no traffic at stable to compare with, it may not be the candidate's doing`;
    case 'environment-unhealthy':
      return `${reason.check} on ${reason.target}: beyond the limit, but not clearly worse than stable, so it is not the candidate's doing: ${sayMeasured(reason)}`;
    case 'check-passed':
      return `${reason.check} on ${reason.target}: ${sayMeasured(reason)}`;
    case 'not-enough-evidence':
      return `${reason.check} on ${reason.target}: not enough evidence: ${reason.requests} of at least ${reason.needed} requests reached the candidate`;
    case 'candidate-down':
      return `the candidate is down on ${reason.target}: ${reason.detail}`;
    case 'stable-down':
      return `stable cannot be started on ${reason.target}: ${reason.detail}`;
    case 'not-healthy':
      return `the candidate is not healthy on ${reason.target} after ${sayDuration(reason.after)}: ${reason.detail}`;
    case 'does-not-start':
      return `the candidate does not start on ${reason.target}: ${reason.detail}`;
    case 'smoke-failed':
      return `the candidate did not pass its smoke tests on ${reason.target} within ${sayDuration(reason.after)}: ${reason.detail}`;
    case 'wrong-digest':
      return `${reason.target} runs ${reason.running} where ${reason.wanted} was asked for`;
    case 'did-not-follow':
      return `${reason.target} did not follow within ${sayDuration(reason.after)}: ${reason.detail}`;
    case 'blind':
      return `nothing could be seen of ${reason.target} for ${sayDuration(reason.after)}: ${reason.detail}`;
    case 'unreadable':
      return `${reason.target} cannot be read: ${reason.detail}`;
    case 'readable':
      return `${reason.target} can be read again after ${sayDuration(reason.after)}`;
    case 'commanded':
      return `${reason.by} asked to ${reason.command}${reason.note === null ? '' : `: ${reason.note}`}`;
    case 'superseded':
      return `the newer rollout ${reason.rollout} takes its place`;
    case 'waiting':
      return `waiting for ${reason.gate}: ${reason.detail}`;
    case 'gate-closed':
      return `refused by ${reason.gate}: ${reason.detail}`;
    case 'only-reported':
      return `${reason.gate} would have refused it where that is enforced: ${reason.refusals.map(({ code, detail }) => `${code}: ${detail}`).join('; ')}`;
    case 'overruled':
      return `${reason.gate} was overruled by ${reason.by} (${reason.note}) and ${reason.allowedBy}; it said: ${reason.detail}`;
    case 'admitted':
      return `let in by ${sayEvidence(reason.evidence)}`;
    case 'not-approved':
      return `${reason.by} does not approve${reason.note === null ? '' : `: ${reason.note}`}`;
    case 'recheck-due':
      return `what it was let in by has to be seen again before it goes on: ${reason.detail}`;
    case 'recheck-failed':
      return `what it was let in by is not good any more, so it goes no further: ${reason.gate}: ${reason.detail}`;
    case 'recheck-passed':
      return 'what it was let in by is good again';
    case 'attested':
      return `the verdict ${reason.result} was signed and attached to the image (${reason.referrer})`;
    case 'not-attested':
      return `the verdict could not be attached to the image${reason.after === 0 ? '' : ` for ${sayDuration(reason.after)}`}: ${reason.detail}`;
    case 'never-attested':
      return `given up after ${sayDuration(reason.after)}: the image has no verdict of this rollout, only the journal has: ${reason.detail}`;
    case 'gates-open':
      return `all gates are open: ${reason.gates.join(', ')}`;
    case 'ready':
      return `the candidate is up and healthy on ${reason.targets.join(', ')}`;
    case 'returned':
      return `it was replaced by the earlier release ${reason.to}`;
    case 'first-release':
      return 'there is no stable release to compare with, so it goes straight up';
    case 'already-stable':
      return `${reason.release} is stable already`;
    case 'no-steps':
      return 'the plan has no steps, so it goes straight up';
    case 'barrier':
      return `all targets are verified at ${reason.weight} %: ${reason.targets.join(', ')}`;
    case 'step-done':
      return `watched for ${sayDuration(reason.watched)} at ${reason.weight} %, nothing speaks against it`;
    case 'inconclusive':
      return `the step ended undecided, and the plan says ${reason.policy}`;
    case 'evidence-came':
      return `after ${sayDuration(reason.after)} the checks could decide after all, and nothing speaks against it`;
    case 'held-too-long':
      return `nobody decided for ${sayDuration(reason.after)}`;
    case 'guard-fired':
      return `the guard took ${reason.target} home, as no controller had given a sign of life`;
    case 'drifted':
      return `${reason.target} is not as it was set: ${reason.detail}`;
    case 'at-home':
      return `all traffic is at stable again on ${reason.targets.join(', ')}`;
    case 'never-home':
      return `the candidate gets no traffic on ${reason.targets.join(', ')}; there was no stable release to go home to`;
    case 'settled':
      return 'nothing is left to do';
    default:
      return reason satisfies never;
  }
}

/** By whom it is, without the identities that they showed: those are in the facts. */
function sayEvidence(evidence: readonly EvidenceUsed[]): string {
  const bySigner = Map.groupBy(evidence, ({ signer }) => signer.replace(/ \(.*$/s, ''));
  return [...bySigner]
    .map(([signer, pieces]) => `${pieces.map(({ kind }) => kind).join(', ')} of ${signer}`)
    .join('; ');
}

function sayWorse(weighed: Weighed): string {
  switch (weighed.check) {
    case 'errors':
      return `the candidate fails more often than stable: ${sayCounts(weighed)}`;
    case 'slo':
      return `the candidate fails more often than promised: ${sayCounts(weighed)}`;
    case 'latency':
      return `the candidate is slower than stable: ${sayProgress(weighed)}`;
    case 'traffic':
      return `the candidate answers far less than its share: ${weighed.candidate.requests} requests, stable ${weighed.stable.requests}`;
    default:
      return weighed.check satisfies never;
  }
}

function sayNotWorse(weighed: Weighed): string {
  switch (weighed.check) {
    case 'errors':
      return `no sign that the candidate fails more often: ${sayCounts(weighed)}`;
    case 'slo':
      return `no sign that the candidate fails more often than promised: ${sayCounts(weighed)}`;
    case 'latency':
      return `no sign that the candidate is slower, in ${weighed.candidate.requests} requests`;
    case 'traffic':
      return `the candidate answers its share: ${weighed.candidate.requests} requests, stable ${weighed.stable.requests}`;
    default:
      return weighed.check satisfies never;
  }
}

function sayCounts({ candidate, stable }: Weighed): string {
  return `${candidate.bad} of ${candidate.requests} requests failed, stable ${stable.bad} of ${stable.requests}`;
}

function sayProgress({ total, limit }: Weighed): string {
  return `the evidence is ${Math.round((100 * total) / limit)} % of what a rollback takes`;
}

function sayMeasured(measured: Measured): string {
  const candidate = sayValue(measured.candidate, measured.unit);
  const stable = sayValue(measured.stable, measured.unit);
  const counts =
    measured.unit === 'share'
      ? `${measured.failed} of ${measured.requests} requests`
      : `${measured.requests} requests`;
  return `${candidate} (${counts}), stable ${stable}, limit ${sayValue(measured.max, measured.unit)}`;
}

function sayValue(value: number | null, unit: Unit): string {
  if (value === null) return 'nothing measured';
  if (unit === 'share') return `${round(value * 100)} %`;
  return value >= BEYOND_EDGES ? 'longer than a minute' : `${round(value)} ms`;
}

function round(value: number): string {
  const digits = value >= 100 ? 0 : value >= 1 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}
