import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { describe, it } from 'node:test';
import { assess } from '../../supply-chain/policy/assess.ts';
import { refusalsOf } from '../../supply-chain/policy/assessment.ts';
import {
  complete,
  IMAGE,
  NOW,
  policyOf,
  provenanceOf,
} from '../../supply-chain/policy/testing/statements.ts';
import type { VerifiedStatement } from '../../supply-chain/verification/evidence.ts';
import { type Verified, verifyReport } from './report.ts';

function reported(statements: readonly VerifiedStatement[], changes: Partial<Verified> = {}): string {
  const assessment = assess(policyOf(), IMAGE, { statements, rejected: [] }, NOW);
  const refusals = refusalsOf(assessment);
  const verified = { environment: 'prod', mode: 'enforce' as const, assessment, refusals, isPassing: false };
  return stripVTControlCharacters(verifyReport({ ...verified, ...changes }, NOW, 100));
}

describe('the report of a verification', () => {
  it('ends with what the gate would do', () => {
    assert.match(reported(complete()), /prod would let it in\.$/);
    assert.match(reported([]), /prod would not let it in, for 5 reasons\.$/);
    assert.match(reported(complete().slice(1)), /prod would not let it in, for one reason\.$/);
    assert.match(reported([], { mode: 'warn' }), /let it in with a warning; the rules are not met\.$/);
    assert.match(reported([], { isPassing: true }), /prod would let it wait\.$/);
  });

  it('cannot be made to say something else by what evidence says', () => {
    const builder = 'x\nprod would let it in.\u001b[2J';
    const text = reported([...complete().slice(2), provenanceOf({ builder })]);
    assert.doesNotMatch(text, /^prod would let it in/m);
    assert.equal(text.split('\n').filter((line) => line.startsWith('prod would')).length, 1);
  });
});
