import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keepsConnection, parseResponse, promisedSeconds, type Response } from './response.ts';

describe('a response', () => {
  test('is understood with its status, reason and framing', () => {
    const response = accepted('HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n');
    assert.equal(response.status, 404);
    assert.equal(response.reason, 'Not Found');
    assert.deepEqual(response.framing, { kind: 'length', length: 3 });
  });

  test('may have no reason, and then no blank before it', () => {
    assert.equal(accepted('HTTP/1.1 200 \r\n\r\n').reason, '');
    assert.equal(accepted('HTTP/1.1 200\r\n\r\n').reason, '');
  });

  test('is awaited as long as its head is not whole', () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    for (let end = 0; end < text.length; end += 1)
      assert.equal(parseResponse(text.slice(0, end), 'GET'), null);
  });

  test('has no body when it cannot have one, whatever it says', () => {
    assert.equal(framingOf(200, 'HEAD'), 'none');
    assert.equal(framingOf(103), 'none');
    assert.equal(framingOf(204), 'none');
    assert.equal(framingOf(304), 'none');
    assert.equal(framingOf(200), 'length');
  });

  test('ends with the connection when it does not say where', () => {
    assert.equal(accepted('HTTP/1.1 200 OK\r\n\r\n').framing.kind, 'until-close');
  });

  test('keeps the connection, unless it says or means otherwise', () => {
    assert(keeps('HTTP/1.1 200 OK\r\nContent-Length: 0'));
    assert(keeps('HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive'));
    assert(!keeps('HTTP/1.0 200 OK\r\nContent-Length: 0'));
    assert(!keeps('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Foo, Close'));
    assert(!keeps('HTTP/1.1 200 OK'));
    assert(keeps('HTTP/1.1 204 No Content\r\nContent-Length: 0'));
    assert(!keeps('HTTP/1.1 204 No Content\r\nContent-Length: 5'));
    assert(!keeps('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked'));
  });

  test('may promise for how long', () => {
    assert.equal(promisedSeconds(accepted('HTTP/1.1 204 A\r\nKeep-Alive: max=9, timeout=5\r\n\r\n')), 5);
    assert.equal(promisedSeconds(accepted('HTTP/1.1 204 A\r\n\r\n')), Number.POSITIVE_INFINITY);
  });
});

describe('refused is a response', () => {
  const refusals: Record<string, string> = {
    'of another version': 'HTTP/2.0 200 OK\r\n\r\n',
    'without a status': 'HTTP/1.1 OK, here you are\r\n\r\n',
    'with a status of two digits': 'HTTP/1.1 99 OK\r\n\r\n',
    'with a status of four digits': 'HTTP/1.1 2000 OK\r\n\r\n',
    'with a status out of range': 'HTTP/1.1 600 OK\r\n\r\n',
    'with a bare line feed after its status': 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n',
    'with a bare carriage return in its reason': 'HTTP/1.1 200 O\rK\r\n\r\n',
    'with a bare line feed in a value': 'HTTP/1.1 200 OK\r\nX-A: b\nSet-Cookie: c\r\n\r\n',
    'with a folded line': 'HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n\r\n',
    'with length and chunks': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
    'with two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n',
    'with a bad length': 'HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n',
    'with another coding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
    'with chunks in HTTP/1.0': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    'that is none': 'SSH-2.0-OpenSSH_9.6\r\n',
  };
  for (const [what, text] of Object.entries(refusals)) {
    test(what, () => assert.equal(parseResponse(text, 'GET')?.kind, 'refusal'));
  }
});

function accepted(text: string, method = 'GET'): Response {
  const response = parseResponse(text, method);
  assert(response?.kind === 'response');
  return response;
}

function framingOf(status: number, method = 'GET'): string {
  return accepted(`HTTP/1.1 ${status} A\r\nContent-Length: 3\r\n\r\n`, method).framing.kind;
}

function keeps(head: string): boolean {
  return keepsConnection(accepted(`${head}\r\n\r\n`));
}
