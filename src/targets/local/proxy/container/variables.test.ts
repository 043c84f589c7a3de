import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { variablesFile } from './variables.ts';

describe('the variables of a container', () => {
  it('are written one a line, with values as they are', () => {
    const text = variablesFile({ PORT: '4000', GREETING: ' "hello" #1 = x ', EMPTY: '' });
    assert.equal(text, 'PORT=4000\nGREETING= "hello" #1 = x \nEMPTY=\n');
  });

  it('are refused where a line would become something else', () => {
    assert.throws(
      () => variablesFile({ KEY: 'one\nEVIL=two' }),
      /^ImageRefused: the variable KEY has several/,
    );
    for (const name of ['', 'A B', 'A=B', '#A', 'A*', 'A\nB'])
      assert.throws(() => variablesFile({ [name]: '' }), /cannot have a variable named/);
  });
});
