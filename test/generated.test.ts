import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { generatedFiles } from '../scripts/generated.ts';

describe('what is made from the code', () => {
  for (const [file, text] of Object.entries(generatedFiles())) {
    it(`is up to date: ${file}`, () => {
      const committed = readFileSync(path.join(import.meta.dirname, '..', file), 'utf8');
      assert.equal(committed, text, 'run `npm run generate`');
    });
  }
});
