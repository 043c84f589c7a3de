import { decide } from '../../src/core/decide.ts';
import type { GateAnswer, Observation } from '../../src/core/observation.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import { REQUESTER } from './conditions.ts';
import { type Parts, SOUND } from './simulation.ts';

/** Mistakes that somebody could make with gates, approvals and verdicts. */
export const PLANTED_GATE_BUGS: Readonly<Record<string, Parts>> = {
  'takes a gate that does not answer for an open one': atTheGates((answer) =>
    answer.kind === 'waiting' && answer.gate !== 'turn' ? open(answer) : answer,
  ),
  'remembers that a gate was open once': deciding(withMemory()),
  'takes lost evidence for good': asking((gates) => gates.map(open)),
  'looks at evidence only once': deciding((rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    return { ...decision, rollout: { ...decision.rollout, recheck: null } };
  }),
  'lets a step begin by evidence of the step before': deciding((rollout, observation, now) => {
    const { recheck } = rollout;
    if (recheck === null || observation.gates.length > 0) return decide(rollout, observation, now);
    const fresh = { ...recheck, passedAt: Math.max(now, rollout.lastTurnAt) };
    return decide({ ...rollout, recheck: { ...fresh, closed: [], trouble: null } }, observation, now);
  }),
  'counts the approval of whoever asked': deciding((rollout, observation, now) => {
    const commands = observation.commands.map((each) =>
      each.command.kind === 'approve' && each.by === REQUESTER ? { ...each, by: 'somebody' } : each,
    );
    return decide(rollout, { ...observation, commands }, now);
  }),
  'takes one approval for as many as it takes': deciding((rollout, observation, now) => {
    const { approval } = rollout.plan;
    if (approval === null) return decide(rollout, observation, now);
    const gates = observation.gates.map((answer) =>
      answer.gate === 'approval' && rollout.approvals.length > 0 ? open(answer) : answer,
    );
    return decide(rollout, { ...observation, gates }, now);
  }),
  'overrules a gate as soon as somebody asks for it': deciding((rollout, observation, now) => {
    const allowed = { by: 'nobody', at: now, until: now + 60_000 };
    const overrides = rollout.overrides.map((override) => ({ ...override, allowed }));
    return decide({ ...rollout, overrides }, observation, now);
  }),
  'has an end attested once, whether that works or not': deciding((rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    return rollout.phase.kind === 'ended' ? { ...decision, attest: null } : decision;
  }),
  'is content with PASSED when a promotion was taken back': deciding((rollout, observation, now) => {
    const attested = rollout.attestation.attested;
    const isBack = rollout.phase.kind === 'ended' && rollout.phase.verdict.kind === 'rolled back';
    if (attested?.result !== 'PASSED' || !isBack) return decide(rollout, observation, now);
    const attestation = { ...rollout.attestation, attested: { ...attested, result: 'FAILED' as const } };
    return decide({ ...rollout, attestation }, observation, now);
  }),
  'dates a verdict by when it is signed': {
    ...SOUND,
    notary: (notary, clock) => ({
      ...notary,
      attest: (rollout, ...rest) => notary.attest(endingAt(rollout, clock.now()), ...rest),
    }),
  },
};

type Judge = typeof decide;

function deciding(worse: Judge): Parts {
  return { ...SOUND, decide: worse };
}

/** A judge that hears other answers before the rollout has begun. */
function atTheGates(change: (answer: GateAnswer) => GateAnswer): Parts {
  return deciding((rollout, observation, now) =>
    decide(
      rollout,
      rollout.phase.kind === 'gating'
        ? { ...observation, gates: observation.gates.map(change) }
        : observation,
      now,
    ),
  );
}

/** A judge that hears other answers once it has. */
function asking(change: (gates: Observation['gates']) => Observation['gates']): Parts {
  return deciding((rollout, observation, now) =>
    decide(
      rollout,
      rollout.phase.kind === 'gating' ? observation : { ...observation, gates: change(observation.gates) },
      now,
    ),
  );
}

function open({ gate }: GateAnswer): GateAnswer {
  return { gate, kind: 'open' };
}

function withMemory(): Judge {
  const wereOpen = new Set<string>();
  return (rollout, observation, now) => {
    if (rollout.phase.kind !== 'gating') return decide(rollout, observation, now);
    const key = (gate: string) => `${rollout.id} ${rollout.createdAt} ${gate}`;
    if (rollout.revision === 1) wereOpen.clear();
    for (const { gate, kind } of observation.gates) if (kind === 'open') wereOpen.add(key(gate));
    const gates = observation.gates.map((answer) => (wereOpen.has(key(answer.gate)) ? open(answer) : answer));
    return decide(rollout, { ...observation, gates }, now);
  };
}

function endingAt(rollout: Rollout, at: number): Rollout {
  return rollout.phase.kind === 'ended' ? { ...rollout, phase: { ...rollout.phase, at } } : rollout;
}
