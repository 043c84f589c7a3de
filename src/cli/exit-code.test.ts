import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rollout, START } from '../../test/builders.ts';
import { EXIT_CODES, exitCodeOf } from './exit-code.ts';

describe('the exit code of a rollout', () => {
  it('says that a person has to decide while it waits for an approval, and not that something failed', () => {
    const gating = { kind: 'gating', since: START, watched: 0 } as const;
    const waitingFor = [{ code: 'waiting', gate: 'approval', detail: '0 of 1 approvals' }] as const;
    assert.equal(exitCodeOf(rollout({ phase: gating, waitingFor })), EXIT_CODES.held);
    const turn = [{ code: 'waiting', gate: 'turn', detail: 'after another one' }] as const;
    assert.equal(exitCodeOf(rollout({ phase: gating, waitingFor: turn })), EXIT_CODES.failed);
  });
});
