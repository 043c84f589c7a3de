import { neededActions } from '../../src/core/turn/actions.ts';
import { decide } from '../../src/core/decide.ts';
import type { GateAnswer } from '../../src/core/observation.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import { type Parts, SOUND } from './parts.ts';

/** Mistakes that somebody could make with gates, approvals and verdicts. */
export const PLANTED_GATE_BUGS: Readonly<Record<string, Parts>> = {
  'remembers that a gate was open once': deciding(withMemory()),
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
  'goes up to a step that was decided before the evidence was lost': deciding((rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    const heedless = { ...decision.rollout, recheck: null };
    return { ...decision, actions: neededActions(heedless, observation, decision.rollout.lastTurnAt) };
  }),
  'counts the approval of whoever asked': deciding((rollout, observation, now) => {
    const commands = observation.commands.map((each) =>
      each.command.kind === 'approve' && each.by === rollout.requestedBy ? { ...each, by: 'somebody' } : each,
    );
    return decide(rollout, { ...observation, commands }, now);
  }),
  'has an end attested once, whether that works or not': deciding((rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    return rollout.phase.kind === 'ended' ? { ...decision, attest: null } : decision;
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

function withMemory(): Judge {
  const wereOpen = new Map<string, GateAnswer>();
  return (rollout, observation, now) => {
    if (rollout.phase.kind !== 'gating') return decide(rollout, observation, now);
    if (rollout.revision === 1) wereOpen.clear();
    const gates = observation.gates.map((answer) => {
      const key = `${rollout.id} ${answer.gate}`;
      if (answer.kind === 'open') wereOpen.set(key, answer);
      return wereOpen.get(key) ?? answer;
    });
    return decide(rollout, { ...observation, gates }, now);
  };
}

function endingAt(rollout: Rollout, at: number): Rollout {
  return rollout.phase.kind === 'ended' ? { ...rollout, phase: { ...rollout.phase, at } } : rollout;
}
