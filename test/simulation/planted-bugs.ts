import { dueVerdict } from '../../src/core/attestation.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { GateAnswer, Observation, TargetReading } from '../../src/core/observation.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import { sameRelease } from '../../src/core/release.ts';
import { LATENCY_BUCKETS, type Sample } from '../../src/core/sample.ts';
import { guardHome, wishedTraffic } from '../../src/core/wish.ts';
import type { Store } from '../../src/stores/store.ts';
import { type Parts, SOUND } from './parts.ts';

/** Mistakes that somebody could make. The simulation is only worth something if it finds each of them. */
export const PLANTED_BUGS: Readonly<Record<string, Parts>> = {
  'takes its own wish for what the targets do': deciding((rollout, observation, now) =>
    decide(
      rollout,
      mapTargets(observation, (reading, name) => believe(rollout, name, reading)),
      now,
    ),
  ),
  'splits traffic without a guard': deciding((rollout, observation, now) => {
    const armed = mapTargets(observation, (reading, name) => ({
      ...reading,
      guard: {
        ...reading.guard,
        armed: { home: guardHome(rollout, name), deadline: now + rollout.plan.guardAfter },
      },
    }));
    return decide(rollout, armed, now);
  }),
  'calls home what was stable when it was asked for': deciding((rollout, observation, now) => {
    if (rollout.phase.kind !== 'gating' || rollout.targets === null) return decide(rollout, observation, now);
    const { targets } = rollout;
    const firstSeen = mapTargets(observation, (reading, name) => ({
      ...reading,
      traffic: { ...reading.traffic, stable: targets[name]?.home ?? null },
    }));
    return decide(rollout, firstSeen, now);
  }),
  'tries a rollback only once': deciding((rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    const isFirstTry = rollout.phase.kind !== 'rolling-back';
    return isFirstTry
      ? decision
      : { ...decision, actions: decision.actions.filter(({ kind }) => kind !== 'apply') };
  }),
  'takes missing metrics for good ones': deciding((rollout, observation, now) =>
    decide(rollout, { ...observation, samples: mapSamples(observation) }, now),
  ),
  'compares with how stable once was': deciding((rollout, observation, now) =>
    decide(rollout, { ...observation, samples: withOldStable(observation) }, now),
  ),
  'forgets to write some moves into the journal': deciding((rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    return rollout.revision % 5 === 0 ? { ...decision, entries: [] } : decision;
  }),
  'does not look after the targets once it has ended': deciding((rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    const { phase } = decision.rollout;
    if (phase.kind !== 'ended') return decision;
    return {
      ...decision,
      actions: [],
      wakeAt: null,
      rollout: { ...decision.rollout, phase: { ...phase, settled: true } },
    };
  }),
  'leaves a target behind that does not follow': deciding((rollout, observation, now) => {
    const names = rollout.plan.targets.map((target) => target.name).slice(1);
    return decide(
      rollout,
      mapTargets(observation, (reading, name) =>
        names.includes(name) ? believe(rollout, name, reading) : reading,
      ),
      now,
    );
  }),
  'takes a gate that does not answer for an open one': deciding((rollout, observation, now) =>
    decide(
      rollout,
      mapGates(observation, (answer) =>
        answer.kind === 'waiting' ? { gate: answer.gate, kind: 'open' } : answer,
      ),
      now,
    ),
  ),
  'goes on when the evidence has turned bad': deciding((rollout, observation, now) =>
    rollout.phase.kind === 'gating'
      ? decide(rollout, observation, now)
      : decide(
          rollout,
          mapGates(observation, ({ gate }) => ({ gate, kind: 'open' })),
          now,
        ),
  ),
  'lets an override in that nobody else allowed': deciding((rollout, observation, now) => {
    const allowed = { by: 'nobody', at: now, until: now + 1 };
    const overrides = rollout.overrides.map((each) => ({ ...each, allowed }));
    return decide({ ...rollout, overrides }, observation, now);
  }),
  'takes one person for as good as two': {
    ...SOUND,
    gate: (gate) =>
      gate.name === 'approval'
        ? {
            ...gate,
            async ask({ approvals, plan }) {
              const isEnough = plan.approval === null || approvals.length > 0;
              return isEnough
                ? { gate: gate.name, kind: 'open' }
                : { gate: gate.name, kind: 'waiting', detail: 'not enough' };
            },
          }
        : gate,
  },
  'does not say FAILED of what it once said PASSED of': deciding((rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    return decision.rollout.attestation.attested === null ? decision : { ...decision, attest: null };
  }),
  'thinks that what it has signed is attached': deciding((rollout, observation, now) => {
    const due = dueVerdict(rollout);
    if (due === null) return decide(rollout, observation, now);
    const attested = { result: due.result, referrer: '', bundle: '' };
    return decide(rollout, { ...observation, verdict: { attested, trouble: null } }, now);
  }),
  'writes state without comparing revisions': { ...SOUND, store: withoutCompare },
  'does not see that the candidate has died, or been swapped': deciding((rollout, observation, now) =>
    decide(
      rollout,
      mapTargets(observation, (reading) => ({
        ...reading,
        running: reading.running.map((each) =>
          rollout.phase.kind === 'progressing' && sameRelease(each.release, rollout.candidate)
            ? { ...each, healthy: each.wanted, digest: each.release.digest }
            : each,
        ),
      })),
      now,
    ),
  ),
  'counts the time in which it saw nothing': deciding((rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    const { phase } = decision.rollout;
    if (phase.kind !== 'progressing' || phase.since === now) return decision;
    return { ...decision, rollout: { ...decision.rollout, phase: { ...phase, watched: now - phase.since } } };
  }),
  'disarms the guard on the way home': deciding((rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    if (decision.rollout.phase.kind !== 'rolling-back') return decision;
    const disarm = rollout.plan.targets.map(({ name }) => ({ kind: 'disarm' as const, target: name }));
    return { ...decision, actions: [...disarm, ...decision.actions] };
  }),
  'leaves the candidate running when it has been taken back': deciding((rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    return { ...decision, actions: decision.actions.filter(({ kind }) => kind !== 'retire') };
  }),
  'does not block what it has rolled back': deciding((rollout, observation, now) => ({
    ...decide(rollout, observation, now),
    block: null,
  })),
  'thinks that a rollback works the first time': deciding((rollout, observation, now) => {
    if (rollout.phase.kind !== 'rolling-back') return decide(rollout, observation, now);
    return decide(
      rollout,
      mapTargets(observation, (reading, name) => believe(rollout, name, reading)),
      now,
    );
  }),
  'drops a command when two come at once': {
    ...SOUND,
    store: (store) => ({
      ...store,
      commit: (decisions) =>
        store.commit(decisions.map((decision) => ({ ...decision, answers: decision.answers.slice(0, 0) }))),
    }),
  },
};

function deciding(worse: typeof decide): Parts {
  return { ...SOUND, decide: worse };
}

function mapGates(observation: Observation, change: (answer: GateAnswer) => GateAnswer): Observation {
  return { ...observation, gates: observation.gates.map(change) };
}

function mapTargets(
  observation: Observation,
  change: (reading: TargetReading, name: string) => TargetReading,
): Observation {
  const targets = Object.entries(observation.targets).map(([name, reading]) => [
    name,
    reading.kind === 'ok' ? { ...reading, value: change(reading.value, name) } : reading,
  ]);
  return { ...observation, targets: Object.fromEntries(targets) };
}

function believe(rollout: Rollout, name: string, reading: TargetReading): TargetReading {
  const wish = wishedTraffic(rollout, name);
  const fence = { sequence: rollout.sequence, revision: rollout.wishedAt };
  return wish === null || reading.fence === null ? reading : { ...reading, traffic: wish, fence };
}

const FLAWLESS: Sample = {
  requests: 1_000,
  failed: 0,
  latency: Array.from({ length: LATENCY_BUCKETS }, (_, index) => (index === 0 ? 1_000 : 0)),
};

/** Also short windows, whose few requests say nothing yet. */
function mapSamples(observation: Observation): Observation['samples'] {
  return mapEverySample(observation, (reading) =>
    reading.kind === 'outage' || reading.value === null || reading.value.candidate.requests < 50
      ? { kind: 'ok', value: { window: { from: 0, to: 1 }, stable: FLAWLESS, candidate: FLAWLESS } }
      : reading,
  );
}

function withOldStable(observation: Observation): Observation['samples'] {
  return mapEverySample(observation, (reading) =>
    reading.kind === 'ok' && reading.value !== null
      ? { kind: 'ok', value: { ...reading.value, stable: FLAWLESS } }
      : reading,
  );
}

type SampleReading = Observation['samples'][string][string];

function mapEverySample(
  { samples }: Observation,
  change: (reading: SampleReading) => SampleReading,
): Observation['samples'] {
  return Object.fromEntries(
    Object.entries(samples).map(([target, checks]) => [
      target,
      Object.fromEntries(Object.entries(checks).map(([check, reading]) => [check, change(reading)])),
    ]),
  );
}

function withoutCompare(store: Store): Store {
  return {
    ...store,
    async commit(decisions) {
      const blind: Decision[] = [];
      for (const decision of decisions) {
        const current = await store.load(decision.rollout.id);
        const revision = (current?.revision ?? 0) + 1;
        // The store would refuse to keep the same interval twice, and that is not what is looked for.
        blind.push({ ...decision, intervals: [], rollout: { ...decision.rollout, revision } });
      }
      return store.commit(blind);
    },
  };
}
