import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  CANDIDATE,
  command,
  compared,
  imageRelease,
  observation,
  plan,
  reading,
  rollout,
  running,
  sample,
  STABLE,
  START,
} from '../../test/builders.ts';
import type { Command } from './command.ts';
import { dueVerdict, isGivenUp } from './attestation.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import type { GateAnswer, Observation, TargetReading } from './observation.ts';
import { sayReason } from './reason.ts';
import { mustRecheck } from './permission/recheck.ts';
import { sameRelease } from './release.ts';
import type { Rollout } from './rollout.ts';
import { home, sameTraffic, type Traffic } from './traffic.ts';
import { wishedWeight } from './wish.ts';

/** Anything that a target may be found doing, sensible or not. */
const traffic: fc.Arbitrary<Traffic> = fc.constantFrom(
  home(null),
  home(STABLE),
  home(CANDIDATE),
  { stable: STABLE, candidate: CANDIDATE, weight: 10 },
  { stable: STABLE, candidate: CANDIDATE, weight: 50 },
  { stable: CANDIDATE, candidate: STABLE, weight: 33 },
);

const target: fc.Arbitrary<TargetReading> = fc.record({
  traffic,
  fence: fc.option(
    fc.record({ sequence: fc.integer({ min: 1, max: 3 }), revision: fc.integer({ min: 1, max: 60 }) }),
  ),
  running: fc.subarray([
    running(STABLE),
    running(CANDIDATE),
    running(CANDIDATE, { healthy: 0, failed: true, trouble: 'exited' }),
    running(CANDIDATE, { digest: STABLE.digest }),
  ]),
  guard: fc.record({
    armed: fc.option(
      fc.record({ home: traffic, deadline: fc.integer({ min: START - 5_000, max: START + 90_000 }) }),
    ),
    firedAt: fc.option(fc.integer({ min: START, max: START + 60_000 })),
  }),
});

const commands: fc.Arbitrary<Command> = fc.constantFrom<Command>(
  { kind: 'pause' },
  { kind: 'resume' },
  { kind: 'promote', full: false },
  { kind: 'promote', full: true },
  { kind: 'rollback' },
  { kind: 'abort' },
  { kind: 'approve' },
  { kind: 'reject' },
  { kind: 'supersede', rollout: 'shop-prod-2' },
);

const errors = fc.constantFrom<Observation['samples'][string][string]>(
  compared(sample(100)),
  compared(sample(100, 40)),
  compared(sample(100, 40), sample(900, 380)),
  compared(sample(3)),
  compared(sample(0), sample(0)),
  { kind: 'ok', value: null },
  { kind: 'outage', error: 'timeout' },
);

const ADMITS: GateAnswer = {
  gate: 'signature',
  kind: 'open',
  admission: { policy: '', evidence: [], builtAt: null },
};

const view: fc.Arbitrary<Observation> = fc.record({
  targets: fc.record({
    web: fc.oneof(
      target.map((value) => ({ kind: 'ok' as const, value })),
      fc.constant({ kind: 'outage' as const, error: 'timeout' }),
    ),
  }),
  samples: fc.record({ web: fc.record({ errors }) }),
  smoke: fc.constantFrom<Observation['smoke']>(
    {},
    { web: { kind: 'passed' } },
    { web: { kind: 'failed', detail: '500' } },
  ),
  refusals: fc.constantFrom<Observation['refusals']>({}, { web: 'no permission' }),
  gates: fc.constantFrom<Observation['gates']>(
    [],
    [{ gate: 'freeze', kind: 'waiting', detail: 'until Monday' }],
    [{ gate: 'signature', kind: 'closed', detail: 'none' }],
    [{ gate: 'signature', kind: 'waiting', detail: 'no answer within 5 s' }],
    [ADMITS],
    [ADMITS, { gate: 'freeze', kind: 'closed', detail: 'it is Friday' }],
  ),
  verdict: fc.constantFrom<Observation['verdict']>(
    null,
    { attested: null, trouble: 'no registry' },
    { attested: { result: 'PASSED', referrer: '', bundle: '' }, trouble: null },
    { attested: { result: 'FAILED', referrer: '', bundle: '' }, trouble: null },
  ),
  commands: fc
    .array(fc.tuple(commands, fc.constantFrom('ann', 'bob', 'eve')), { maxLength: 2 })
    .map((list) => list.map(([each, by]) => command(each, by))),
  overtaken: fc.boolean(),
});

/** What the gates say in a world that is sensible otherwise. */
const GATES: Readonly<Record<string, GateAnswer>> = {
  open: ADMITS,
  closed: { gate: 'signature', kind: 'closed', detail: 'it is gone' },
  silent: { gate: 'signature', kind: 'waiting', detail: 'no answer within 5 s' },
};

/** A sensible world most of the time, so that rollouts get far, with anything at all in between. */
const views = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.constant('open') },
    { weight: 1, arbitrary: fc.constantFrom('closed', 'silent') },
    { weight: 2, arbitrary: view },
  ),
  { minLength: 1, maxLength: 60 },
);

const plans = fc.record({
  onInconclusive: fc.constantFrom('hold' as const, 'promote' as const, 'rollback' as const),
  steps: fc.subarray([
    { weight: 10, hold: 3_000 },
    { weight: 50, hold: 3_000 },
    { weight: 100, hold: 0 },
  ]),
});

/** Plays the views to a rollout, second by second, and shows every decision to `check`. */
function play(
  changes: Partial<Rollout['plan']>,
  seen: readonly (Observation | string)[],
  check: (before: Rollout, decision: Decision, observation: Observation) => void,
): void {
  let state = rollout({
    candidate: { ...imageRelease('1.1.0'), digest: CANDIDATE.digest },
    overrides: [{ gate: 'freeze', by: 'ann', note: 'urgent', allowed: null }],
    plan: plan({ ...changes, rollbackWindow: 5_000, notary: {} }),
  });
  let world = reading({ running: [running(STABLE), running(CANDIDATE)] });
  for (const [index, each] of seen.entries()) {
    const now = START + (index + 1) * 1_000;
    const isAsked = state.phase.kind === 'gating' || mustRecheck(state, now);
    const look =
      typeof each === 'string'
        ? observation({
            targets: { web: { kind: 'ok', value: world } },
            samples: { web: { errors: compared(sample(100)) } },
            gates: isAsked ? [GATES[each] ?? ADMITS] : [],
          })
        : each;
    const decision = decide(state, look, now);
    check(state, decision, look);
    for (const action of decision.actions) {
      const fence = { sequence: decision.rollout.sequence, revision: decision.rollout.revision };
      if (action.kind === 'apply') world = { ...world, traffic: action.traffic, fence };
      if (action.kind === 'arm') world = { ...world, guard: { ...world.guard, armed: action } };
    }
    state = decision.rollout;
  }
}

/** How much of the traffic the candidate gets. */
function shareOf({ stable, candidate, weight }: Traffic): number {
  if (sameRelease(stable, CANDIDATE)) return 100;
  return sameRelease(candidate, CANDIDATE) ? weight : 0;
}

function isBack({ phase }: Rollout): boolean {
  return phase.kind === 'rolling-back' || (phase.kind === 'ended' && phase.verdict.kind !== 'promoted');
}

function always(check: (before: Rollout, decision: Decision, observation: Observation) => void): void {
  fc.assert(
    fc.property(plans, views, (changes, seen) => play(changes, seen, check)),
    { numRuns: 300, seed: 20_260_105 },
  );
}

describe('decide, whatever it is shown,', () => {
  it('answers, counts one revision, and says why in words', () => {
    always((before, { rollout: after, entries, answers }, { commands: given }) => {
      assert.equal(after.revision, before.revision + 1);
      assert.equal(answers.length, given.length);
      const reasons = entries.flatMap((entry) => (entry.kind === 'moved' ? entry.because : []));
      for (const reason of reasons) assert.match(sayReason(reason), /\w/);
    });
  });

  it('changes nothing that it was given, and says the same again', () => {
    always((before, decision, look) => {
      const text = JSON.stringify([before, look]);
      assert.deepEqual(decide(before, look, decision.rollout.lastTurnAt), decision);
      assert.equal(JSON.stringify([before, look]), text);
    });
  });

  it('makes a state that survives being written down', () => {
    always((_, { rollout: after }) => assert.deepEqual(JSON.parse(JSON.stringify(after)), after));
  });

  it('splits traffic only under a guard that leads home', () => {
    always((_, { actions, rollout: after }, { targets }) => {
      for (const action of actions) {
        if (action.kind !== 'apply' || action.traffic.weight === 0) continue;
        const armed = targets['web']?.kind === 'ok' ? targets['web'].value.guard.armed : null;
        assert.ok(armed !== null && armed.deadline > after.lastTurnAt);
        assert.ok(sameTraffic(armed.home, home(after.targets?.['web']?.home ?? null)));
      }
    });
  });

  it('never gives the candidate traffic again once it is going back', () => {
    always((before, { actions, rollout: after }) => {
      if (isBack(before)) assert.ok(isBack(after));
      if (!isBack(after)) return;
      for (const action of actions) {
        if (action.kind !== 'apply') continue;
        assert.deepEqual(action.traffic, home(after.targets?.['web']?.home ?? null));
      }
    });
  });

  it('takes a step only from a barrier, unless a person says otherwise', () => {
    always((before, { rollout: after, entries }) => {
      if (before.phase.kind !== 'progressing' || after.phase.kind !== 'progressing') return;
      if (after.phase.step === before.phase.step) return;
      const isOrdered = entries.some((entry) => entry.kind === 'commanded' && entry.accepted);
      assert.ok(before.phase.stage === 'holding' || isOrdered);
      assert.equal(after.phase.step, before.phase.step + 1);
    });
  });

  it('begins only with all gates open, or with a second person where one was not', () => {
    always((before, { rollout: after, actions }, { gates }) => {
      if (before.phase.kind === 'gating') {
        for (const action of actions) assert.ok(action.kind !== 'apply' || action.traffic.weight === 0);
      }
      if (before.phase.kind !== 'gating' || after.phase.kind !== 'preparing') return;
      assert.ok(gates.length > 0);
      for (const { gate, kind } of gates) {
        const isAllowed = after.overrides.some((each) => each.gate === gate && each.allowed !== null);
        assert.ok(kind === 'open' || (kind === 'closed' && isAllowed));
      }
    });
  });

  it('gives no more traffic while what the candidate was let in by is known to be bad', () => {
    always((before, { rollout: after }, { gates }) => {
      if (before.phase.kind === 'gating' || before.recheck === null) return;
      const wasClosed = before.recheck.closed.length > 0 && gates.length === 0;
      if (wasClosed || gates.some(({ kind }) => kind === 'closed')) {
        assert.ok(wishedWeight(after) <= wishedWeight(before) || before.phase.kind === 'promoting');
      }
    });
  });

  it('brings no target more traffic while the evidence is known to be bad', () => {
    always((_, { actions, rollout: after }, { targets }) => {
      if (after.recheck === null || after.recheck.closed.length === 0) return;
      if (after.phase.kind === 'promoting' || after.phase.kind === 'ended') return;
      const present = targets['web']?.kind === 'ok' ? targets['web'].value.traffic : home(null);
      for (const action of actions) {
        if (action.kind !== 'apply') continue;
        assert.ok(shareOf(action.traffic) <= shareOf(present));
      }
    });
  });

  it('goes on by itself only with evidence that was seen in the same turn, or while nobody can see it', () => {
    always((before, { rollout: after, entries }) => {
      if (before.recheck === null || wishedWeight(after) <= wishedWeight(before)) return;
      const isOrdered = entries.some((entry) => entry.kind === 'commanded' && entry.accepted);
      const isDecided = before.phase.kind === 'promoting';
      if (isOrdered || isDecided || after.recheck?.trouble !== null) return;
      assert.equal(after.recheck.passedAt, after.lastTurnAt);
    });
  });

  it('takes an admission from the turn that passes the gates, and keeps it', () => {
    always((before, { rollout: after }, { gates }) => {
      if (before.phase.kind !== 'gating') return assert.equal(after.admission, before.admission);
      if (after.phase.kind !== 'preparing') return assert.equal(after.admission, null);
      const said = gates.flatMap((answer) => (answer.kind === 'open' ? (answer.admission ?? []) : []));
      assert.deepEqual(after.admission, said[0] ?? null);
    });
  });

  it('counts no approval of whoever asked', () => {
    always((_, { rollout: after }) => {
      assert.ok(after.approvals.every(({ by }) => by !== after.requestedBy));
      assert.ok(after.overrides.every(({ allowed }) => allowed?.by !== after.requestedBy));
    });
  });

  it('is settled only when nothing is to be attested any more, or that was given up', () => {
    always((before, { rollout: after }) => {
      const wasSettled = before.phase.kind === 'ended' && before.phase.settled;
      if (after.phase.kind !== 'ended' || !after.phase.settled || wasSettled) return;
      assert.ok(dueVerdict(after) === null || isGivenUp(after, after.lastTurnAt));
    });
  });

  it('asks for a verdict until exactly that one is there', () => {
    always((before, { attest, rollout: after }, { verdict }) => {
      const { phase, attestation } = after;
      if (phase.kind !== 'ended') assert.equal(attest, null);
      if (attest !== null) assert.notEqual(attestation.attested?.result, attest.result);
      if (before.attestation.attested === attestation.attested) return;
      assert.equal(attestation.attested?.result, verdict?.attested?.result);
      assert.equal(attestation.attested?.result, dueVerdict(before)?.result);
    });
  });

  it('writes every change of phase into the journal', () => {
    always((before, { rollout: after, entries }) => {
      if (before.phase.kind === after.phase.kind) return;
      assert.ok(entries.some((entry) => entry.kind === 'moved'));
    });
  });
});
