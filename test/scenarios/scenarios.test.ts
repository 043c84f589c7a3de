import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { play } from './play.ts';
import { readScript } from './script.ts';

/**
 * Each script has its output recorded beside it. A changed output is either a bug, or to be read and recorded anew: delete
 * the recording and run this file.
 */
const HERE = import.meta.dirname;
const scripts = readdirSync(HERE).filter((file) => file.endsWith('.txt'));

describe('a scenario', () => {
  for (const file of scripts) {
    const text = readFileSync(path.join(HERE, file), 'utf8');
    const script = readScript(text);
    it(script.title, async () => {
      const recording = path.join(HERE, 'recorded', file);
      const told = await play(script);
      if (!existsSync(recording)) {
        writeFileSync(recording, told);
        assert.fail(`${file} was recorded for the first time; read it, and run the tests again`);
      }
      assert.equal(told, readFileSync(recording, 'utf8'));
    });
  }
});
