import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type SupplyChainCode, SupplyChainError } from '../supply-chain/error.ts';
import { rollout, START } from '../../test/builders.ts';
import { EXIT_CODES, exitCodeOf, exitCodeOfError } from './exit-code.ts';

function codeOf(code: SupplyChainCode) {
  return exitCodeOfError(new SupplyChainError(code, 'no'));
}

describe('the exit code of trouble with an image', () => {
  it('says whether it was typed wrongly, whether something does not work, or whether it is the image', () => {
    assert.equal(codeOf('BAD_REFERENCE'), EXIT_CODES.usage);
    assert.equal(codeOf('NOT_A_DIGEST'), EXIT_CODES.usage);
    assert.equal(codeOf('REGISTRY_UNAVAILABLE'), EXIT_CODES.failed);
    assert.equal(codeOf('UNAUTHORIZED'), EXIT_CODES.failed);
    assert.equal(codeOf('KEY_ERROR'), EXIT_CODES.failed);
    assert.equal(codeOf('SIGNATURE_ERROR'), EXIT_CODES.failed);
    assert.equal(codeOf('NOT_FOUND'), EXIT_CODES.refused);
    assert.equal(codeOf('INDEX_NOT_ALLOWED'), EXIT_CODES.refused);
    assert.equal(codeOf('UNTRUSTED_SIGNER'), EXIT_CODES.refused);
  });
});

describe('the exit code of a rollout', () => {
  it('says that a person has to decide while it waits for an approval, and not that something failed', () => {
    const gating = { kind: 'gating', since: START, watched: 0 } as const;
    const waitingFor = [{ code: 'waiting', gate: 'approval', detail: '0 of 1 approvals' }] as const;
    assert.equal(exitCodeOf(rollout({ phase: gating, waitingFor })), EXIT_CODES.held);
    const turn = [{ code: 'waiting', gate: 'turn', detail: 'after another one' }] as const;
    assert.equal(exitCodeOf(rollout({ phase: gating, waitingFor: turn })), EXIT_CODES.failed);
  });
});
