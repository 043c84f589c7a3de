import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LocalAnswer } from './forward.ts';
import type { Form } from './http-event.ts';
import { LARGEST_REPLY, replyFor } from './reply.ts';

function reply(form: Form, answer: Partial<LocalAnswer>): Readonly<Record<string, unknown>> {
  return JSON.parse(replyFor(form, { status: 200, headers: [], body: Buffer.alloc(0), ...answer }));
}

const COOKIES: LocalAnswer['headers'] = [
  ['Set-Cookie', 'a=1'],
  ['set-cookie', 'b=2'],
  ['via', 'x'],
  ['via', 'y'],
];

test('an HTTP API gets its cookies apart, and one value for each other header', () => {
  assert.deepEqual(reply('gateway-2.0', { status: 201, headers: COOKIES }), {
    statusCode: 201,
    headers: { via: 'x, y' },
    cookies: ['a=1', 'b=2'],
    body: '',
    isBase64Encoded: false,
  });
});

test('a REST API and a load balancer with multi-value headers get all values', () => {
  const multiValueHeaders = { 'set-cookie': ['a=1', 'b=2'], via: ['x', 'y'] };
  assert.deepEqual(reply('gateway-1.0', { headers: COOKIES })['multiValueHeaders'], multiValueHeaders);
  assert.partialDeepStrictEqual(reply('balancer-multi-value', { status: 404, headers: COOKIES }), {
    statusDescription: '404 Not Found',
    multiValueHeaders,
  });
});

test('a load balancer with single values is told rather than given one of several cookies', () => {
  const { statusCode, body } = reply('balancer', { headers: COOKIES });
  assert.equal(statusCode, 502);
  assert.match(String(body), /multi-value headers switched on/);
  const single = reply('balancer', { headers: COOKIES.slice(1) });
  assert.deepEqual(single['headers'], { 'set-cookie': 'b=2', via: 'x, y' });
});

test('a body goes as text when it is UTF-8, and otherwise as base64, so that it arrives byte for byte', () => {
  for (const bytes of [
    Buffer.from('\uFEFFé\0"\\'),
    Buffer.from([0x1f, 0x8b, 8, 0, 255]),
    Buffer.from([0xc3]),
  ]) {
    const { body, isBase64Encoded } = reply('gateway-2.0', { body: bytes });
    assert.deepEqual(Buffer.from(String(body), isBase64Encoded === true ? 'base64' : 'utf8'), bytes);
  }
});

test('an answer that cannot be handed over is replaced by one that says so and keeps who gave it', () => {
  const headers: LocalAnswer['headers'] = [
    ['X-Release', '1.2.3'],
    ['x-correlation-id', 'abc'],
    ['content-type', 'image/png'],
  ];
  for (const [form, limit] of [
    ['gateway-2.0', '6 MiB'],
    ['balancer', '1 MiB'],
  ] as const) {
    // As base64 it is a third longer.
    for (const body of [null, Buffer.alloc(LARGEST_REPLY[form] * 0.8, 255)]) {
      const text = replyFor(form, { status: 200, headers, body });
      assert.match(text, new RegExp(`larger than the ${limit}`));
      assert.partialDeepStrictEqual(JSON.parse(text), {
        statusCode: 502,
        headers: { 'x-release': '1.2.3', 'x-correlation-id': 'abc' },
      });
    }
  }
});

test('the largest answer that fits is handed over as it is', () => {
  const empty = replyFor('gateway-2.0', { status: 200, headers: [], body: Buffer.alloc(0) });
  const body = Buffer.alloc(LARGEST_REPLY['gateway-2.0'] - empty.length, 'x');
  const whole = replyFor('gateway-2.0', { status: 200, headers: [], body });
  assert.equal(Buffer.byteLength(whole), LARGEST_REPLY['gateway-2.0']);
  assert.equal(JSON.parse(whole).statusCode, 200);
  const longer = replyFor('gateway-2.0', {
    status: 200,
    headers: [],
    body: Buffer.concat([body, Buffer.from('x')]),
  });
  assert.equal(JSON.parse(longer).statusCode, 502);
});
