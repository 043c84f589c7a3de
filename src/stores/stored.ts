import { z } from 'zod';
import { NOTHING_ATTESTED } from '../core/attestation.ts';
import type { Command } from '../core/command.ts';
import type { JournalEntry } from '../core/journal.ts';
import type { Reason } from '../core/reason.ts';
import { type Arms, LATENCY_BUCKETS, type Sample } from '../core/sample.ts';
import type { Rollout } from '../core/rollout.ts';

/**
 * Readers of what a store once wrote. Only stores write it, always as a whole, and the schema version says by whom, so
 * a reader checks that it is the right kind of thing and not every field of it.
 */
const rollout = z.custom<Rollout>((value) =>
  hasKeys(value, ['id', 'revision', 'phase', 'plan', 'candidate']),
);
const entry = z.custom<JournalEntry>((value) => hasKeys(value, ['at', 'kind']));
const command = z.custom<Command>((value) => hasKeys(value, ['kind']));
const reasons = z.array(z.custom<Reason>((value) => hasKeys(value, ['code'])));

export function storedRollout(json: string): Rollout {
  const stored = rollout.parse(JSON.parse(json));
  // What came later, older rollouts do not have: the analysis, images and their gates.
  return {
    ...stored,
    history: stored.history ?? {},
    admission: stored.admission ?? null,
    recheck: stored.recheck ?? null,
    approvals: stored.approvals ?? [],
    overrides: stored.overrides ?? [],
    attestation: { ...NOTHING_ATTESTED, ...stored.attestation },
    evidence: stored.evidence ?? null,
    plan: {
      ...stored.plan,
      analysis: stored.plan.analysis ?? null,
      policy: stored.plan.policy ?? null,
      notary: stored.plan.notary ?? null,
      approval: stored.plan.approval ?? null,
      freeze: stored.plan.freeze ?? [],
      after: stored.plan.after ?? null,
      soak: stored.plan.soak ?? 0,
      recheckEvery: stored.plan.recheckEvery ?? 60_000,
      overrideFor: stored.plan.overrideFor ?? 0,
    },
  };
}

export function storedEntry(json: string): JournalEntry {
  return entry.parse(JSON.parse(json));
}

export function storedCommand(json: string): Command {
  return command.parse(JSON.parse(json));
}

export function storedReasons(json: string): readonly Reason[] {
  return reasons.parse(JSON.parse(json));
}

/** Counts of one arm: of the latency histogram only the buckets that hold anything, as pairs of index and count. */
const storedSample = z.object({
  requests: z.number(),
  failed: z.number(),
  latency: z.array(z.tuple([z.int().nonnegative().lt(LATENCY_BUCKETS), z.number()])),
});
const storedPair = z.object({ stable: storedSample, candidate: storedSample });

/** Both arms' counts as they are stored. */
export function armsText({ stable, candidate }: Arms<Sample>): string {
  return JSON.stringify({ stable: sparse(stable), candidate: sparse(candidate) });
}

/** The reverse of `armsText`. */
export function storedArms(json: string): Arms<Sample> {
  const { stable, candidate } = storedPair.parse(JSON.parse(json));
  return { stable: dense(stable), candidate: dense(candidate) };
}

function sparse({ requests, failed, latency }: Sample): z.infer<typeof storedSample> {
  const pairs = [...latency.entries()].filter(([, count]) => count > 0);
  return { requests, failed, latency: pairs };
}

function dense({ requests, failed, latency: pairs }: z.infer<typeof storedSample>): Sample {
  const latency = Array.from({ length: LATENCY_BUCKETS }, () => 0);
  for (const [bucket, count] of pairs) latency[bucket] = count;
  return { requests, failed, latency };
}

function hasKeys(value: unknown, keys: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && keys.every((key) => key in value);
}
