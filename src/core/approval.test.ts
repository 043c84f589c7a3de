import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { command, plan, rollout, START } from '../../test/builders.ts';
import { type ApprovalRule, approve, sayApprovers, validApprovals } from './approval.ts';
import { type Override, overrideOf } from './override.ts';
import type { Rollout } from './rollout.ts';

const HOUR = 3_600_000;
const RULE: ApprovalRule = { people: 2, from: null, expires: HOUR };
const HOTFIX: Override = { gate: 'freeze', by: 'ann', note: 'shop is down', allowed: null };

/** A rollout that ann asked for. */
function asked(rule: ApprovalRule | null, changes: Partial<Rollout> = {}): Rollout {
  return rollout({ plan: plan({ approval: rule, overrideFor: HOUR }), ...changes });
}

/** What it says when this person is refused; or who has approved after that. */
function approvedBy(by: string, state: Rollout, now = START): string | readonly string[] {
  const result = approve(state, command({ kind: 'approve' }, by), now);
  return result.kind === 'refused' ? result.text : result.change.approvals.map((approval) => approval.by);
}

/** The rollout after these people have approved it at the given times. */
function after(state: Rollout, ...given: readonly (readonly [by: string, at: number])[]): Rollout {
  return given.reduce((soFar, [by, at]) => {
    const result = approve(soFar, command({ kind: 'approve' }, by), at);
    if (result.kind === 'refused') assert.fail(result.text);
    return { ...soFar, ...result.change };
  }, state);
}

function countingAt(state: Rollout, now: number): readonly string[] {
  return validApprovals(state, now).map(({ by }) => by);
}

describe('an approval', () => {
  it('is never that of whoever asked for the rollout', () => {
    assert.equal(approvedBy('ann', asked(RULE)), 'whoever asked for it cannot approve it');
    assert.equal(
      approvedBy('ann', asked({ ...RULE, from: ['ann', 'bob'] })),
      'whoever asked for it cannot approve it',
    );
    const forged = asked(RULE, { approvals: [{ by: 'ann', at: START, note: null }] });
    assert.deepEqual(countingAt(forged, START), []);
  });

  it('is that of anybody else where no list says who may', () => {
    assert.deepEqual(approvedBy('bob', asked(RULE)), ['bob']);
    assert.equal(sayApprovers(asked(RULE)), 'anybody but ann');
  });

  it('is only that of people on the list where there is one', () => {
    const state = asked({ ...RULE, from: ['ann', 'bob', 'cem'] });
    assert.equal(approvedBy('eve', state), 'eve may not approve here; bob or cem may');
    assert.deepEqual(approvedBy('cem', state), ['cem']);
    const forged = { ...state, approvals: [{ by: 'eve', at: START, note: null }] };
    assert.deepEqual(countingAt(forged, START), []);
    assert.equal(sayApprovers(asked({ ...RULE, from: ['ann'] })), 'nobody');
  });

  it('counts once for each person', () => {
    const state = after(asked(RULE), ['bob', START]);
    assert.equal(approvedBy('bob', state, START + 1), 'bob has approved already, and counts once');
    assert.deepEqual(countingAt(after(state, ['cem', START + 1]), START + 1), ['bob', 'cem']);
    const forged = asked(RULE, {
      approvals: [1, 2].map((at) => ({ by: 'bob', at: START + at, note: null })),
    });
    assert.deepEqual(countingAt(forged, START + 2), ['bob']);
  });

  it('counts until it expires, and can be given again then', () => {
    const state = after(asked(RULE), ['bob', START]);
    assert.deepEqual(countingAt(state, START + HOUR), ['bob']);
    assert.deepEqual(countingAt(state, START + HOUR + 1), []);
    const again = after(state, ['bob', START + HOUR + 1]);
    assert.equal(again.approvals.length, 1);
    assert.deepEqual(countingAt(again, START + 2 * HOUR), ['bob']);
  });

  it('says how many there are, and what it overrules besides', () => {
    const state = asked(RULE, { overrides: [HOTFIX] });
    assert.equal(
      approve(state, command({ kind: 'approve' }, 'bob'), START).text,
      'approved, 1 of 2; this also overrules freeze for 60 min (shop is down)',
    );
  });

  it('is not needed for a return', () => {
    const state = asked(null, { plan: plan({ approval: RULE, purpose: 'return' }) });
    assert.equal(approvedBy('bob', state), 'it needs no approval');
  });

  it('is for rollouts that need one, and have not begun', () => {
    assert.equal(approvedBy('bob', asked(null)), 'it needs no approval');
    const begun = asked(RULE, { phase: { kind: 'preparing', since: START, watched: 0 } });
    assert.equal(approvedBy('bob', begun), 'it has begun already, so it needs no approval any more');
  });

  it('keeps its note', () => {
    const pending = { ...command({ kind: 'approve' }, 'bob'), note: 'read the diff' };
    const result = approve(asked(RULE), pending, START);
    assert.ok(result.kind === 'counts');
    assert.deepEqual(result.change.approvals, [{ by: 'bob', at: START, note: 'read the diff' }]);
  });
});

describe('an override', () => {
  const state = asked(null, { overrides: [HOTFIX] });

  it('is only asked for until a second person has allowed it', () => {
    const answer = overrideOf(state, 'freeze', START);
    assert.ok(answer?.kind === 'asked');
    assert.match(
      answer.detail,
      /ann asks to overrule it \(shop is down\); a second person has to allow that/,
    );
  });

  it('is never allowed by whoever asked for it', () => {
    assert.equal(approvedBy('ann', state), 'whoever asked for it cannot approve it');
  });

  it('is not allowed by people who may not approve', () => {
    const listed = asked({ ...RULE, from: ['bob'] }, { overrides: [HOTFIX] });
    assert.equal(approvedBy('eve', listed), 'eve may not approve here; bob may');
  });

  it('is allowed by the second person for a time, and no longer', () => {
    const allowed = after(state, ['bob', START + 5]);
    const until = START + 5 + HOUR;
    const consent = { by: 'bob', at: START + 5, until };
    assert.deepEqual(overrideOf(allowed, 'freeze', until), {
      kind: 'in force',
      override: { ...HOTFIX, allowed: consent },
    });
    const expired = overrideOf(allowed, 'freeze', until + 1);
    assert.ok(expired?.kind === 'asked');
    assert.match(expired.detail, /as the consent of bob was for 60 min only$/);
  });

  it('is allowed anew by anybody who may once the consent is over', () => {
    const allowed = after(state, ['bob', START]);
    for (const by of ['bob', 'cem']) {
      const again = after(allowed, [by, START + HOUR + 1]);
      assert.equal(overrideOf(again, 'freeze', START + 2 * HOUR)?.kind, 'in force');
    }
  });

  it('that is in force is not made longer by more approvals', () => {
    const twice = after(asked(RULE, { overrides: [HOTFIX] }), ['bob', START], ['cem', START + HOUR / 2]);
    assert.equal(overrideOf(twice, 'freeze', START + HOUR + 1)?.kind, 'asked');
  });

  it('is of some gates, and leaves the others as they are', () => {
    const covered = (gate: Override['gate']) => {
      const allowed = after(asked(null, { overrides: [{ ...HOTFIX, gate }] }), ['bob', START]);
      const gates = ['turn', 'freeze', 'supply chain', 'promotion', 'floor', 'approval', 'blocked digests'];
      return gates.filter((each) => overrideOf(allowed, each, START) !== null);
    };
    assert.deepEqual(covered('freeze'), ['freeze']);
    assert.deepEqual(covered('supply chain'), ['supply chain', 'promotion', 'floor']);
  });

  it('is not heard without a reason', () => {
    const silent = asked(null, { overrides: [{ ...HOTFIX, note: ' ' }] });
    assert.equal(approvedBy('bob', silent), 'it needs no approval');
    const forged = { ...HOTFIX, note: ' ', allowed: { by: 'bob', at: START, until: START + HOUR } };
    assert.equal(overrideOf(asked(null, { overrides: [forged] }), 'freeze', START), null);
  });

  it('is not in force by the word of who asked for it, even if it were written down', () => {
    const forged = { ...HOTFIX, allowed: { by: 'ann', at: START, until: START + HOUR } };
    assert.equal(overrideOf(asked(null, { overrides: [forged] }), 'freeze', START)?.kind, 'asked');
  });
});
