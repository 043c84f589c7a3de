import { z } from 'zod';
import { duration } from './duration.ts';
import { share } from './share.ts';

const onFailure = z
  .enum(['rollback', 'hold', 'report'])
  .default('rollback')
  .describe('What is done about a candidate that is worse.');

const settings = z.strictObject({
  alpha: share()
    .refine((value) => value > 0 && value <= 0.2, { error: 'must be more than "0%" and at most "20%"' })
    .prefault('1%')
    .describe(
      'Largest probability that a release which is not worse is rolled back: over the whole rollout, all its looks, measures and targets.',
    ),
  maxIncrease: share()
    .prefault('0%')
    .describe(
      'How much larger the share of failed requests may be than that of stable, in points. Nothing: not worse at all.',
    ),
  maxSlowdown: share()
    .prefault('10%')
    .describe('How much longer requests may take than those of stable, along their whole distribution.'),
  ignoreSlowdown: duration('0ms', '1m')
    .prefault('10ms')
    .describe(
      'A slowdown below this does not matter, however much it is in relation: a process that has just started is a little slower.',
    ),
  slo: z
    .strictObject({
      errors: share()
        .refine((value) => value > 0, { error: 'must be more than "0%"' })
        .nullable()
        .default(null)
        .describe('Largest share of failed requests that the service promises.'),
      latency: duration('1ms', '1m')
        .nullable()
        .default(null)
        .describe('A latency at which slow requests are counted, besides those that stable shows.'),
    })
    .prefault({})
    .describe(
      'What the service promises, if anything. Helps most where traffic is low or the weight is high.',
    ),
  mustFind: share()
    .refine((value) => value > 0, { error: 'must be more than "0%"' })
    .prefault('10%')
    .describe(
      'A step that would have missed a candidate which fails this share of its requests more often than in one case of five has proved nothing: it ends inconclusive.',
    ),
  promoteEarly: z
    .union([
      z.literal(false),
      z.strictObject({
        margin: share()
          .refine((value) => value > 0, { error: 'must be more than "0%"' })
          .prefault('0.5%')
          .describe('How much worse, in points of failed requests, the candidate may be at the most.'),
        after: duration('0s').prefault('1m').describe('How long each step is watched at the least.'),
      }),
    ])
    .default(false)
    .describe('Whether a step may end before its time when it is proved that the candidate is hardly worse.'),
  clusters: z
    .union([z.enum(['none', 'cap']), z.number().min(1).max(100)], {
      error: 'must be "none", "cap" or a number from 1 to 100',
    })
    .default('none')
    .describe(
      'Whether failures come in clusters that stick to one release, for instance by clients that try again. A number is the overdispersion of the failures, which weakens each; "cap" lets no single second decide, for when it is not known.',
    ),
  presence: z
    .boolean()
    .default(true)
    .describe('Whether a candidate that answers far fewer requests than its share counts as worse.'),
  warmUp: duration('0s', '1h')
    .prefault('0s')
    .describe(
      'Time after each change of weight that is not judged, besides the time that slow requests take.',
    ),
  onFailure,
});

/** The sequential analysis, as it is written in a configuration. */
export const analysisSchema = z
  .union([z.literal(false), settings])
  .prefault({})
  .describe(
    'The sequential analysis that judges the candidate against stable. false: only `checks` judge it.',
  );
