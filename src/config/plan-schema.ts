import { z } from 'zod';
import { analysisSchema } from './analysis-schema.ts';
import { duration } from './duration.ts';
import { share } from './share.ts';

const onFailure = z
  .enum(['rollback', 'hold', 'report'])
  .default('rollback')
  .describe('What a failure of this check does.');

const thresholdRules = {
  kind: z.literal('threshold'),
  name: z
    .string()
    .min(1)
    .max(60)
    .refine((name) => name !== 'analysis' && name !== 'history', {
      error: 'is what canary calls its own measurements: choose another name',
    })
    .describe('What the check is called in the journal and on the screen.'),
  minRequests: z
    .int()
    .min(1)
    .default(20)
    .describe('Requests that the candidate must have answered before it is judged.'),
  window: duration('1s', '1h').prefault('30s').describe('How far back the check looks.'),
  onFailure,
};

/** A plain limit on the candidate. */
const thresholdCheck = z.discriminatedUnion('measure', [
  z.strictObject({
    ...thresholdRules,
    measure: z.literal('errors'),
    max: share().describe('Largest share of failed requests: 5xx, timeouts, broken connections.'),
  }),
  z.strictObject({
    ...thresholdRules,
    measure: z.literal('latency'),
    percentile: z.number().gt(0).lt(100).default(95).describe('Which percentile of the latency is meant.'),
    max: duration('1ms', '1m').describe('Longest latency at that percentile.'),
  }),
]);

const step = z.strictObject({
  weight: z.number().gt(0).max(100).describe('Percent of the traffic for the candidate.'),
  hold: duration('0s').describe('How long it is watched at this weight.'),
});

const smokeTest = z.strictObject({
  path: z.string().regex(/^\/(?!\/)/, { error: 'must begin with one "/"' }),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']).default('GET'),
  headers: z.record(z.string(), z.string()).default({}),
  status: z.int().min(100).max(599).default(200).describe('Status that the answer must have.'),
  contains: z.string().nullable().default(null).describe('Text that the answer must contain.'),
  timeout: duration('10ms', '1m').prefault('5s'),
});

/** The steps and rules of a rollout, as they are written in a configuration. */
export const planSchema = z.strictObject({
  steps: z
    .array(step)
    .superRefine((steps, context) => {
      for (const [index, { weight }] of steps.entries()) {
        const before = steps[index - 1]?.weight ?? 0;
        if (weight > before) continue;
        context.addIssue({
          code: 'custom',
          path: [index, 'weight'],
          message: `must be more than the step before (${before}): weights ascend`,
        });
      }
    })
    .prefault([
      { weight: 10, hold: '1m' },
      { weight: 50, hold: '1m' },
    ])
    .describe(
      'Ascending weights; after the last one the candidate gets all traffic. Empty: straight up after the smoke tests.',
    ),
  analysis: analysisSchema,
  checks: z
    .array(thresholdCheck)
    .superRefine((checks, context) => uniqueNames(checks, context))
    .default([])
    .describe('Plain limits, besides the analysis.'),
  smoke: z
    .array(smokeTest)
    .default([])
    .describe('Requests that the candidate must answer before it gets any traffic.'),
  onInconclusive: z
    .enum(['hold', 'promote', 'rollback'])
    .default('hold')
    .describe(
      'What happens when a step ends and its checks could not decide, for instance for want of requests.',
    ),
  onNewer: z
    .enum(['refuse', 'supersede'])
    .default('refuse')
    .describe('What happens when a newer release is deployed while this rollout is under way.'),
  rollbackWindow: duration('0s')
    .prefault('30m')
    .describe('How long the old release stays warm after promotion.'),
  limits: z
    .strictObject({
      prepare: duration('1s').prefault('2m').describe('Time for the candidate to get healthy everywhere.'),
      follow: duration('1s').prefault('30s').describe('Time for a target to follow a change of traffic.'),
      blind: duration('1s')
        .prefault('15s')
        .describe('Time that a target or its metrics may be unreadable while traffic is split.'),
      held: duration('1s').prefault('1h').describe('Time for a person to decide about a held rollout.'),
    })
    .prefault({})
    .describe('How long the rollout waits before it draws a conclusion.'),
  guard: duration('1s', '1h')
    .prefault('10s')
    .describe('How long after the last sign of life of the controller traffic goes home by itself.'),
});

/** Reports names that are given twice, at the place of the second one. */
export function uniqueNames(
  things: readonly { readonly name: string }[],
  context: { addIssue(issue: { code: 'custom'; path: (string | number)[]; message: string }): void },
): void {
  const seen = new Map<string, number>();
  for (const [index, { name }] of things.entries()) {
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else {
      const message = `"${name}" is taken by entry ${first + 1} already: names must differ`;
      context.addIssue({ code: 'custom', path: [index, 'name'], message });
    }
  }
}
