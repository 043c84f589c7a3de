import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wrap } from './wrap.ts';

describe('wrapped text', () => {
  it('has lines that are not too long, and is begun as is said', () => {
    const text = wrap('the quick brown fox jumps over the lazy dog', 16, '  ');
    assert.equal(text, 'the quick brown\n  fox jumps over\n  the lazy dog');
  });

  it('does not break words', () => {
    assert.equal(wrap('a incomprehensibilities b', 8, ''), 'a\nincomprehensibilities\nb');
    assert.equal(wrap('', 8, ''), '');
  });
});
