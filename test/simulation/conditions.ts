import type { ApprovalRule } from '../../src/core/approval.ts';
import type { Override } from '../../src/core/override.ts';
import type { Plan } from '../../src/core/plan.ts';
import type { Random } from '../../src/core/random.ts';
import type { Instant } from '../../src/core/time.ts';
import { approvalGate } from '../../src/gates/approval.ts';
import type { Gate } from '../../src/gates/gate.ts';
import type { Notary } from '../../src/notaries/notary.ts';
import { ADMISSION } from '../builders.ts';
import { fickleGate } from './fickle-gate.ts';
import { simulatedNotary, type SimulatedNotary } from './simulated-notary.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Whoever asks for all rollouts. */
export const REQUESTER = 'ann';
const OTHERS = ['bob', 'cem'];

/** A yes that somebody gave, whether it counts or not. */
export interface Yes {
  readonly rollout: string;
  readonly by: string;
}

/** Under which conditions images are rolled out in a history. */
export interface Conditions {
  readonly gates: readonly Gate[];
  /** As controllers reach it, with its outages. */
  readonly notary: Notary;
  /** The truth about it. */
  readonly signed: SimulatedNotary;
  readonly rules: Pick<Plan, 'approval' | 'notary' | 'recheckEvery'>;
  readonly overrides: readonly Pick<Override, 'gate' | 'note'>[];
  /** The truth about what people said. */
  readonly approvals: Yes[];
}

export interface ConditionsOptions {
  readonly random: Random;
  readonly clock: VirtualClock;
  /** Until then they change as chance will have it, and the notary may be out. */
  readonly calm: Instant;
  /** Puts a worse notary in the place of the sound one. */
  readonly notary: (notary: SimulatedNotary) => SimulatedNotary;
}

export function pickConditions({ random, clock, calm, notary }: ConditionsOptions): Conditions {
  const evidence = { name: 'supply chain', until: calm, longest: 60_000, admission: ADMISSION };
  const freeze = { name: 'freeze', until: calm, longest: 60_000, admission: null };
  const approval = random.chance(0.4) ? pickRule(random) : null;
  const signed = notary(simulatedNotary());
  const out = pickOutage(random, clock.now(), calm);
  const isAsked = random.chance(0.3);
  return {
    gates: [
      fickleGate(evidence, clock, random),
      ...(random.chance(0.4) ? [fickleGate(freeze, clock, random)] : []),
      ...(approval === null ? [] : [approvalGate(clock)]),
    ],
    signed,
    notary: {
      ...signed,
      async attest(...args) {
        if (out.from <= clock.now() && clock.now() < out.to) throw new Error('the key cannot be used');
        return signed.attest(...args);
      },
    },
    rules: { approval, notary: { kind: 'simulated' }, recheckEvery: 5_000 + random.below(60_000) },
    overrides: isAsked
      ? [{ gate: random.chance(0.5) ? 'supply chain' : 'freeze', note: 'users suffer' }]
      : [],
    approvals: [],
  };
}

function pickRule(random: Random): ApprovalRule {
  const from = random.chance(0.5) ? [REQUESTER, ...OTHERS] : null;
  return { people: 1 + random.below(2), from, expires: 60_000 + random.below(600_000) };
}

function pickOutage(
  random: Random,
  from: Instant,
  to: Instant,
): { readonly from: Instant; readonly to: Instant } {
  if (random.chance(0.4)) return { from, to: from };
  const begin = from + random.below(60_000);
  return { from: begin, to: random.chance(0.5) ? to : begin + random.below(to - begin) };
}

/** Somebody who may say yes, or somebody who may not. */
export function pickApprover(random: Random): string {
  return [REQUESTER, REQUESTER, ...OTHERS][random.below(2 + OTHERS.length)] ?? REQUESTER;
}

/** Those who say yes in the end to everything that waits for them. */
export const KIND_PEOPLE = OTHERS;
