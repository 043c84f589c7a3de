import * as fc from 'fast-check';

/** Fields and chunks that parsers are known to read in different ways, among ordinary ones. */
const FIELDS = [
  'X-A: b',
  'x-a:b',
  'X-A:\t b \t',
  'X-A:',
  'X-A: \xe9',
  'Cookie: a=b; c=d',
  'Connection: close',
  'Connection: keep-alive, X-A',
  'Keep-Alive: timeout=5',
  'Content-Length: 0',
  'Content-Length: 3',
  'Content-Length: 03',
  'Content-Length: +3',
  'Content-Length: 3, 3',
  'Content-Length: 0x3',
  'Content-Length : 3',
  'Content-Length: 18446744073709551619',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: CHUNKED',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding:\vchunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding:\r\n chunked',
  'Host: other',
  ' folded: yes',
  'X A: b',
  'X-A',
  ': b',
  'X-\xe9: b',
  'X-A: b\rX-B: c',
  'X-A: b\nX-B: c',
  'X-A: \0',
  'X-A: \x7f',
];
const CHUNKS = [
  '3\r\nabc\r\n',
  'A\r\n0123456789\r\n',
  '003\r\nabc\r\n',
  '3;a=b\r\nabc\r\n',
  '3;a\r\nabc\r\n',
  '3;a="b;\\"c"\r\nabc\r\n',
  '3; a = b\r\nabc\r\n',
  '3 \r\nabc\r\n',
  '3;\nabc\r\n',
  '3;a=b\rc\r\nabc\r\n',
  '3;\r\nabc\r\n',
  '3;=\r\nabc\r\n',
  '00000000000000003\r\nabc\r\n',
  '3\r\nabcde\r\n',
  '3\nabc\n',
  '3\r\nabcXX',
  '0x3\r\nabc\r\n',
  '-3\r\nabc\r\n',
  'fffffffffffffffff\r\nabc\r\n',
];
const LAST_CHUNKS = [
  '0\r\n\r\n',
  '000\r\n\r\n',
  '0;a=b\r\n\r\n',
  '0\r\nX-T: 1\r\n\r\n',
  '0\r\nX-T : 1\r\n\r\n',
  '0\r\nX-T: 1\n\r\n',
  '0\r\nContent-Length: 3\r\n\r\n',
  '0\n\n',
  '0\r\n',
  '0\r\n\n',
];
const SPLINTERS = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  '\t',
  ' ',
  ':',
  ';',
  ',',
  '"',
  '\v',
  '\x7f',
  '\xff',
  '0',
  'a',
  '-',
  '#',
];

const requestLine = fc
  .tuple(
    mostly(
      fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'OPTIONS'),
      fc.constantFrom('get', 'FOO', 'G(T', 'CONNECT'),
    ),
    mostly(
      fc.constantFrom('/', '/a?b=c'),
      fc.constantFrom('*', 'http://h/x', 'http://i/', 'a', '/a b', '/#x', '/\xe9'),
    ),
    mostly(
      fc.constant('HTTP/1.1'),
      fc.constantFrom('HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 '),
    ),
  )
  .map((words) => words.join(' '));

const statusLine = fc
  .tuple(
    mostly(fc.constant('HTTP/1.1'), fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'HTTP/1.1 ', 'HTTP')),
    mostly(
      fc.constantFrom('200', '404', '204', '304', '100', '103'),
      fc.constantFrom('99', '1000', '2e2', ''),
    ),
    mostly(fc.constantFrom('OK', 'Not Found', ''), fc.constantFrom('\xe9', '\0', 'a\nb', 'a\rb')),
  )
  .map((words) => words.join(' '));

const body = fc.oneof(
  fc.constant({ field: [], text: '' }),
  fc.nat(20).map((length) => ({ field: [`Content-Length: ${length}`], text: 'x'.repeat(length) })),
  fc
    .tuple(
      fc.array(mostly(fc.constantFrom(...CHUNKS.slice(0, 2)), fc.constantFrom(...CHUNKS)), { maxLength: 4 }),
      mostly(fc.constant('0\r\n\r\n'), fc.constantFrom(...LAST_CHUNKS)),
    )
    .map(([chunks, last]) => ({ field: ['Transfer-Encoding: chunked'], text: [...chunks, last].join('') })),
);

/** A message that is mostly right: a first line, fields, and a body that fits them. */
function message(firstLine: fc.Arbitrary<string>, always: readonly string[]): fc.Arbitrary<string> {
  const extra = fc.array(mostly(fc.constantFrom(...FIELDS.slice(0, 9)), fc.constantFrom(...FIELDS)), {
    maxLength: 3,
  });
  return fc
    .tuple(firstLine, extra, body)
    .map(([first, fields, { field, text }]) =>
      [first, ...always, ...fields, ...field, '', text].join('\r\n'),
    );
}

/** Puts splinters into a text, or takes characters out of it. */
function damaged(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const blow = fc.record({ at: fc.nat(), removed: fc.nat(2), put: fc.constantFrom('', ...SPLINTERS) });
  return fc.tuple(text, mostly(fc.constant([]), fc.array(blow, { maxLength: 3 }))).map(([whole, blows]) =>
    blows.reduce((rest, { at, removed, put }) => {
      const place = at % (rest.length + 1);
      return rest.slice(0, place) + put + rest.slice(place + removed);
    }, whole),
  );
}

function mostly<T, U>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<U>): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: 5, arbitrary: usual }, { weight: 1, arbitrary: odd });
}

/** What a client might send on one connection: one or more requests, more or less right. One character per octet. */
export const requestTexts: fc.Arbitrary<string> = damaged(
  fc
    .array(message(requestLine, ['Host: h']), { minLength: 1, maxLength: 3 })
    .map((requests) => requests.join('')),
);

/** What an upstream might send in answer to one request. */
export const responseTexts: fc.Arbitrary<string> = damaged(message(statusLine, []));
