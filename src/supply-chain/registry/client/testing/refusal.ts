import assert from 'node:assert/strict';
import { SupplyChainError, type SupplyChainCode } from '../../../error.ts';

/** For `assert.rejects`: an error with this code, and words that fit. */
export function refusal(code: SupplyChainCode, words = /./) {
  return (error: unknown): true => {
    assert.ok(error instanceof SupplyChainError, error instanceof Error ? error.stack : String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}
