import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSecretKey, redaction } from './redaction.ts';

const { text, json, path } = redaction([]);

test('a key is secret-looking whatever its case and punctuation', () => {
  for (const key of [
    'authorization',
    'Proxy-Authorization',
    'Set-Cookie',
    'SUPER_SECRET_TOKEN',
    'dbPassword',
    'X-Api-Key',
    'apiKey',
    'api key',
    'aws_access_key_id',
    'private-key',
    'sessionId',
    'credentials',
  ]) {
    assert(isSecretKey(key), key);
  }
  for (const key of ['key', 'author', 'content-type', 'path', 'correlationId'])
    assert(!isSecretKey(key), key);
});

test('text without a secret stays as it is', () => {
  for (const harmless of [
    '/status/500',
    'the token is missing',
    'a=b; c: d',
    '2026-11-21T03:18:25.790Z',
    'oklch(0.55 0.14 250)',
  ]) {
    assert.equal(text(harmless), harmless);
  }
});

test('in text, what follows a secret-looking key is masked to its end and no further', () => {
  assert.equal(text('token=abc&next=1'), 'token=[redacted]&next=1');
  assert.equal(text('{"password": "a \\" b", "next": 1'), '{"password": [redacted], "next": 1');
  assert.equal(text("secret: 'a b' next"), 'secret: [redacted] next');
  assert.equal(text('client_secret_v2=abc next'), 'client_secret_v2=[redacted] next');
  assert.equal(text('Cookie: a=1; b=2\nnext'), 'Cookie: [redacted]\nnext');
  assert.equal(text('with Bearer abc.def-ghi next'), 'with Bearer [redacted] next');
});

test('a secret that is the beginning of another one does not leave the rest of that behind', () => {
  const two = redaction(['first-secret', 'first-secret-and-more']);
  assert.equal(two.text('a first-secret-and-more b first-secret c'), 'a [redacted] b [redacted] c');
});

test('masking twice changes nothing more', () => {
  for (const original of [
    'token=abc',
    '"token":"abc"',
    'authorization=Bearer abcdef',
    'Cookie: a=1',
    'bearer abcdef',
  ]) {
    assert.equal(text(text(original)), text(original));
  }
});

test('a megabyte of hostile text is searched in one pass', () => {
  for (const piece of ['token', 'token=', 'token"', 'token  ', 'token:"\\', 'api-', 'basic ', 'a', ':']) {
    const hostile = piece.repeat(Math.ceil(1_000_000 / piece.length));
    const began = performance.now();
    text(hostile);
    // One pass takes milliseconds; a quadratic search would take many minutes.
    assert(performance.now() - began < 5_000, piece);
  }
});

test('in JSON, everything under a secret-looking key is masked', () => {
  assert.deepEqual(json({ a: 1, tokens: [1, 2], deep: [{ Password: { x: 1 }, y: null }], ok: true }), {
    a: 1,
    tokens: '[redacted]',
    deep: [{ Password: '[redacted]', y: null }],
    ok: true,
  });
});

test('a key named __proto__ is data like any other', () => {
  const masked = json(JSON.parse('{"__proto__": {"password": "x"}}'));
  assert.equal(JSON.stringify(masked), '{"__proto__":{"password":"[redacted]"}}');
});

test('a known value is masked in text, keys, numbers and encodings, in any case', () => {
  const known = redaction(['1234?abc', '987654']);
  assert.equal(known.text('x1234?ABCy'), 'x[redacted]y');
  assert.equal(known.text(`/${encodeURIComponent('1234?abc')}`), '/[redacted]');
  assert.equal(known.text(Buffer.from('1234?abc').toString('base64')), '[redacted]');
  assert.deepEqual(known.json({ 'a1234?abc': 987654, b: 98765 }), { 'a[redacted]': '[redacted]', b: 98765 });
});

test('a known value that is also a pattern is taken literally', () => {
  const known = redaction(['a.c$(^*']);
  assert.equal(known.text('a.c$(^* abc'), '[redacted] abc');
});

test('a path stays encoded unless a secret is in it', () => {
  assert.equal(path('/a%20b/%C3%A4'), '/a%20b/%C3%A4');
  assert.equal(path('/a%20b/%74oken=abc'), '/a b/token=[redacted]');
  assert.equal(path('/%zz/token=abc'), '/%zz/token=[redacted]');
});
