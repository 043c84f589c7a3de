import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChunkedBody } from './chunked-body.ts';

describe('a body in chunks', () => {
  test('is passed on as it came', () => {
    assert.deepEqual(read('3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nnext'), {
      passed: '3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n',
      state: 'complete',
      rest: 'next',
    });
  });

  test('gives its data when it is unwrapped', () => {
    const { passed } = read('3\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-A: b\r\n\r\n', true);
    assert.equal(passed, 'abc0123456789');
  });

  test('loses its extensions', () => {
    const { passed, state } = read('3;a=b;c="\\"\xe9"\r\nabc\r\n0;last\r\n\r\n');
    assert.equal(passed, '3\r\nabc\r\n0\r\n\r\n');
    assert.equal(state, 'complete');
  });

  test('keeps its trailer', () => {
    const text = '0\r\nX-A: b\r\nX-B: c\r\n\r\n';
    assert.deepEqual(read(`${text}next`), { passed: text, state: 'complete', rest: 'next' });
  });

  test('is one write when it arrives as a whole', () => {
    const body = new ChunkedBody(false);
    const bytes = Buffer.from('3\r\nabc\r\n0\r\n\r\n');
    body.read(bytes, 0);
    assert.deepEqual(body.ranges, [0, bytes.length]);
  });
});

describe('refused is a body in chunks', () => {
  const refusals: Record<string, string> = {
    'without a size': '\r\nabc\r\n',
    'with a signed size': '-3\r\nabc\r\n',
    'with a size in C style': '0x3\r\nabc\r\n',
    'with an overflowing size': '10000000000000000\r\n',
    'with a blank behind the size': '3 \r\nabc\r\n',
    'with a bare line feed behind the size': '3\nabc\r\n',
    'with a bare carriage return behind the size': '3\rabc\r\n',
    'with a bare line feed in an extension': '3;a\nabc\r\n',
    'with an extension without a name': '3;=a\r\nabc\r\n',
    'with an extension that never ends': `3;${'a'.repeat(2000)}`,
    'with more data than it said': '3\r\nabcd\r\n',
    'with a bare line feed behind the data': '3\r\nabc\n',
    'with a bare line feed for the trailer': '0\r\n\n',
    'with a bad line in the trailer': '0\r\nX-A : b\r\n\r\n',
    'with a length in the trailer': '0\r\nContent-Length: 3\r\n\r\n',
    'with a trailer that never ends': `0\r\nX-A: ${'a'.repeat(20_000)}`,
  };
  for (const [what, text] of Object.entries(refusals)) {
    test(what, () => assert.equal(read(text).state, 'bad'));
  }
});

function read(text: string, unwraps = false): { passed: string; state: string; rest: string } {
  const body = new ChunkedBody(unwraps);
  const bytes = Buffer.from(text, 'latin1');
  const end = body.read(bytes, 0);
  let passed = '';
  for (let index = 0; index < body.ranges.length; index += 2) {
    passed += text.slice(body.ranges[index], body.ranges[index + 1]);
  }
  return { passed, state: body.state, rest: text.slice(end) };
}
