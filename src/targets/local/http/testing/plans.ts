import type { Random } from '../../../../core/random.ts';

/** One request, and what the upstream makes of it. */
export interface ExchangePlan {
  /** Is the request's target, and in the answer's field `X-Id`. */
  readonly id: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST';
  readonly sent: { readonly bytes: string; readonly body: string };
  readonly answer: AnswerPlan;
}

export interface AnswerPlan {
  readonly status: number;
  readonly bytes: string;
  /** What the client shall make of it. */
  readonly body: string;
  /** Whether the request is read to its end before it is answered. */
  readonly waits: boolean;
  /** Whether the connection ends behind it, as it says. */
  readonly closes: boolean;
  /** After how many bytes the connection is lost; null if it is not. */
  readonly breaksAt: number | null;
  readonly breaksBy: Loss;
  /** Bytes that are written at once. */
  readonly piece: number;
}

/** What goes on over one connection of a client. */
export interface ClientPlan {
  /** All requests are sent without waiting for answers. */
  readonly exchanges: readonly ExchangePlan[];
  /** Where what is sent is cut into writes. */
  readonly cuts: readonly number[];
  /** After how many bytes the client leaves; null if it waits for all answers. */
  readonly leavesAt: number | null;
  readonly leavesBy: Loss;
}

type Loss = 'end' | 'reset';

export function planClient(random: Random, name: string): ClientPlan {
  const count = pick(random, [1, 1, 2, 3, 5]);
  const exchanges = Array.from({ length: count }, (_, index) => planExchange(random, `${name}-${index}`));
  const length = bytesOf(exchanges).length;
  const cuts = Array.from({ length: pick(random, [0, 0, 1, 4]) }, () => random.below(length));
  const leavesAt = random.chance(0.15) ? random.below(length) : null;
  return { exchanges, cuts: cuts.toSorted((a, b) => a - b), leavesAt, leavesBy: loss(random) };
}

/** What a client that does not leave sends. */
export function bytesOf(exchanges: readonly ExchangePlan[]): string {
  return exchanges.map(({ sent }) => sent.bytes).join('');
}

function planExchange(random: Random, id: string): ExchangePlan {
  const method = pick(random, ['GET', 'GET', 'HEAD', 'PUT', 'POST']);
  const minor = random.chance(0.1) ? 0 : 1;
  const hasBody = method === 'PUT' || method === 'POST';
  const isChunked = hasBody && minor === 1 && random.chance(0.5);
  const body = hasBody ? content(random, `${id}?`) : '';
  const lines = [
    `${method} /${id} HTTP/1.${minor}`,
    'Host: a',
    ...(isChunked ? ['Transfer-Encoding: chunked'] : hasBody ? [`Content-Length: ${body.length}`] : []),
    ...(hasBody && minor === 1 && random.chance(0.2) ? ['Expect: 100-continue'] : []),
    ...(minor === 0 ? ['Connection: keep-alive'] : random.chance(0.1) ? ['Connection: close'] : []),
  ];
  const bytes = `${lines.join('\r\n')}\r\n\r\n${isChunked ? inChunks(random, body) : body}`;
  return { id, method, sent: { bytes, body }, answer: planAnswer(random, id, method) };
}

function planAnswer(random: Random, id: string, method: ExchangePlan['method']): AnswerPlan {
  const status = pick(random, [200, 200, 200, 204, 304, 404, 503]);
  const isBodiless = method === 'HEAD' || status === 204 || status === 304;
  const framing = pick(random, ['length', 'length', 'chunks', 'chunks', 'end']);
  const body = isBodiless ? '' : content(random, id);
  const closes = random.chance(0.1) || (framing === 'end' && !isBodiless);
  const interim = random.chance(0.2) ? 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' : '';
  const lines = [
    `HTTP/1.1 ${status} Some`,
    `X-Id: ${id}`,
    ...(closes ? ['Connection: close'] : []),
    ...(framing === 'length' && status !== 204 ? [`Content-Length: ${isBodiless ? 7 : body.length}`] : []),
    ...(framing === 'chunks' && status !== 204 ? ['Transfer-Encoding: chunked'] : []),
  ];
  const text = framing === 'chunks' && !isBodiless ? inChunks(random, body) : body;
  const bytes = `${interim}${lines.join('\r\n')}\r\n\r\n${text}`;
  return {
    status,
    bytes,
    body,
    waits: random.chance(0.7),
    closes,
    breaksAt: random.chance(0.1) ? random.below(bytes.length) : null,
    // An end in place of the rest is an end like any other where nothing else tells where the response is over.
    breaksBy: framing === 'end' ? 'reset' : loss(random),
    piece: pick(random, [bytes.length, 50_000, 1_000, Math.ceil(bytes.length / 5)]),
  };
}

/** Text that says whose it is wherever it is cut, from nothing to more than fits into any buffer. */
function content(random: Random, id: string): string {
  const length = pick(random, [0, 1, random.below(50), 8_000 + random.below(800), random.below(300_000)]);
  return `<${id}>`.repeat(Math.ceil(length / (id.length + 2))).slice(0, length);
}

function inChunks(random: Random, text: string): string {
  const most = pick(
    random,
    [10, 3_000, 100_000].filter((size) => size * 2_000 > text.length),
  );
  const extension = random.chance(0.2) ? ';a="b"' : '';
  let chunks = '';
  for (let at = 0; at < text.length;) {
    const data = text.slice(at, at + 1 + random.below(most));
    chunks += `${data.length.toString(16)}${extension}\r\n${data}\r\n`;
    at += data.length;
  }
  return `${chunks}0\r\n${random.chance(0.2) ? 'X-Trailer: 1\r\n' : ''}\r\n`;
}

function loss(random: Random): Loss {
  return pick(random, ['end', 'reset']);
}

function pick<const T>(random: Random, choices: readonly [T, ...T[]] | readonly T[]): T {
  const choice = choices[random.below(choices.length)];
  if (choice === undefined) throw new Error('nothing to pick from');
  return choice;
}
