import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseRequest, type Request } from './request.ts';

describe('a request', () => {
  test('is understood with its target, host, framing and fields', () => {
    const text = 'POST /a?b=c HTTP/1.1\r\nHost: example.org:80\r\nContent-Length: 3\r\nX-A:\t 1 \r\n\r\nabc';
    const request = accepted(text);
    assert.equal(request.method, 'POST');
    assert.equal(request.target, '/a?b=c');
    assert.equal(request.minor, 1);
    assert.equal(request.host, 'example.org:80');
    assert.deepEqual(request.framing, { kind: 'length', length: 3 });
    assert.equal(request.header('x-a'), '1');
    assert.equal(request.header('x-b'), undefined);
    assert.equal(request.fields.end, text.length - 3);
  });

  test('joins lines of the same name, cookies in their own way', () => {
    const request = accepted(
      'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nCookie: a=1\r\nx-a: 2\r\ncookie: b=2\r\n\r\n',
    );
    assert.equal(request.header('x-a'), '1, 2');
    assert.equal(request.header('cookie'), 'a=1; b=2');
  });

  test('is asked for fields of any name, however that is written', () => {
    const request = accepted('GET / HTTP/1.1\r\nHost: a\r\nX_User: 1\r\nB^c: 2\r\nB~D: 3\r\n\r\n');
    assert.equal(request.header('x_user'), '1');
    assert.equal(request.header('b^c'), '2');
    assert.equal(request.header('b~c'), undefined);
    assert.equal(request.header('b~d'), '3');
  });

  test('is awaited as long as its head is not whole', () => {
    const text = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    for (let end = 0; end < text.length; end += 1) assert.equal(parseRequest(text.slice(0, end), 100), null);
  });

  test('in absolute form names a path of this host', () => {
    assert.equal(accepted('GET http://a/b?c HTTP/1.1\r\nHost: A\r\n\r\n').target, '/b?c');
    assert.equal(accepted('GET HTTP://a HTTP/1.1\r\nHost: a\r\n\r\n').target, '/');
    assert.equal(accepted('GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n').target, '/?b');
    assert.equal(accepted('OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n').target, '*');
  });

  test('may name the whole server in OPTIONS only', () => {
    assert.equal(accepted('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n').target, '*');
    assert.equal(refusedAs('GET * HTTP/1.1\r\nHost: a\r\n\r\n'), 400);
  });

  test('of HTTP/1.0 may do without a host', () => {
    assert.equal(accepted('GET / HTTP/1.0\r\n\r\n').host, undefined);
  });

  test('asks for an upgrade only with both fields, in HTTP/1.1, and not for HTTP/2', () => {
    assert.equal(wantedUpgrade('Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n'), 'websocket');
    assert.equal(wantedUpgrade('Upgrade: websocket\r\n'), undefined);
    assert.equal(wantedUpgrade('Connection: upgrade\r\n'), undefined);
    assert.equal(wantedUpgrade('Connection: upgrade\r\nUpgrade: websocket\r\n', '1.0'), undefined);
    assert.equal(wantedUpgrade('Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n'), undefined);
  });

  test('expects to be told to continue in HTTP/1.1 only', () => {
    assert(accepted('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n').expectsContinue);
    assert(!accepted('PUT / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n').expectsContinue);
  });
});

describe('refused is a request', () => {
  const refusals: Record<string, readonly [status: number, text: string]> = {
    'with a bare line feed after its first line': [400, 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
    'with a bare line feed after a field': [400, 'GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n'],
    'with a bare line feed for an empty line': [400, 'GET / HTTP/1.1\r\nHost: a\r\n\n'],
    'with a bare carriage return': [400, 'GET / HTTP/1.1\r\nHost: a\rX-A: b\r\n\r\n'],
    'with a bare carriage return for an empty line': [400, 'GET / HTTP/1.1\r\nHost: a\r\n\rX'],
    'with a folded line': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n'],
    'with a blank before a colon': [400, 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
    'with a field without a name': [400, 'GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n'],
    'with a line without a colon': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX-A\r\n\r\n'],
    'with a bad character in a name': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX(A: b\r\n\r\n'],
    'with an octet above ASCII in a name': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX\xe9: b\r\n\r\n'],
    'with NUL in a value': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX-A: \0\r\n\r\n'],
    'with a control character in a value': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX-A: \x1b[0m\r\n\r\n'],
    'with DEL in a value': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX-A: \x7f\r\n\r\n'],
    'with both Content-Length and Transfer-Encoding': [
      400,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    'with different lengths': [
      400,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n',
    ],
    'with a list of lengths': [400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\n'],
    'with a signed length': [400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n'],
    'with a hexadecimal length': [400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\n'],
    'with an empty length': [400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n'],
    'with an overflowing length': [
      400,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9007199254740993\r\n\r\n',
    ],
    'with a coding besides chunked': [
      400,
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    ],
    'with a coding that looks like chunked': [
      400,
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n',
    ],
    'with chunked twice': [
      400,
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    'with a tab behind chunked': [400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n'],
    'with chunks in HTTP/1.0': [400, 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'],
    'without a host': [400, 'GET / HTTP/1.1\r\n\r\n'],
    'with two hosts': [400, 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
    'with a host that is none': [400, 'GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n'],
    'with an absolute target of another host': [400, 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    'with user information in its target': [400, 'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    'with an absolute target of another scheme': [400, 'GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    'with a relative target': [400, 'GET a HTTP/1.1\r\nHost: a\r\n\r\n'],
    'with a fragment': [400, 'GET /#a HTTP/1.1\r\nHost: a\r\n\r\n'],
    'with two blanks in its first line': [400, 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n'],
    'with a blank at the end of its first line': [400, 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n'],
    'without a version': [400, 'GET /\r\nHost: a\r\n\r\n'],
    'that is no request': [400, '\x16\x03\x01\x02'],
    'to open a tunnel': [405, 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
    'with an unknown method': [501, 'FETCH / HTTP/1.1\r\nHost: a\r\n\r\n'],
    'with a method in lower case': [501, 'get / HTTP/1.1\r\nHost: a\r\n\r\n'],
    'of HTTP/1.2': [505, 'GET / HTTP/1.2\r\nHost: a\r\n\r\n'],
    'of HTTP/2': [505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    'with a target that never ends': [414, `GET /${'a'.repeat(100)}`],
    'with a method that never ends': [414, 'A'.repeat(101)],
  };
  for (const [what, [status, text]] of Object.entries(refusals)) {
    test(what, () => assert.equal(refusedAs(text), status));
  }
});

function accepted(text: string): Request {
  const request = parseRequest(text, 100);
  assert(request?.kind === 'request');
  return request;
}

function wantedUpgrade(fields: string, version = '1.1'): string | undefined {
  return accepted(`GET / HTTP/${version}\r\nHost: a\r\n${fields}\r\n`).upgrade;
}

function refusedAs(text: string): number {
  const request = parseRequest(text, 100);
  assert(request?.kind === 'refusal', 'not refused');
  return request.status;
}
