import { z } from 'zod';

const reasons = z.array(z.object({ code: z.string() }));

/** What `canary explain --json` says, as far as it matters here. */
export const explanation = z.object({
  status: z.string(),
  verdict: z.string().nullable(),
  journalIsWhole: z.boolean(),
  journal: z.array(
    z.object({
      entry: z.object({
        kind: z.string(),
        because: reasons.optional(),
        reason: z.object({ code: z.string() }).optional(),
        verdict: z.object({ kind: z.string(), reasons }).optional(),
      }),
    }),
  ),
});

/**
 * Whether the chain is whole, begins at the beginning, gives a reason for every move up to the last, and ends in the
 * verdict. A promotion has no reasons of its own: those are with the move that began it.
 */
export function isExplained({ journal, journalIsWhole, verdict }: z.infer<typeof explanation>): boolean {
  const entries = journal.map(({ entry }) => entry);
  const moves = entries.filter(({ kind }) => kind === 'moved').slice(0, -1);
  const end = entries.find(({ kind }) => kind === 'ended')?.verdict;
  return (
    journalIsWhole &&
    entries[0]?.kind === 'began' &&
    moves.every(({ because }) => (because ?? []).length > 0) &&
    verdict !== null &&
    end?.kind === verdict &&
    (verdict === 'promoted' || end.reasons.length > 0)
  );
}
