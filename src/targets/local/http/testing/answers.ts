import type { ExchangePlan } from './plans.ts';

/** A final response as a client understands it. */
export interface Answer {
  readonly status: number;
  /** Of the exchange that it says it belongs to; null for the proxy's own words. */
  readonly id: string | null;
  readonly body: string;
  readonly isWhole: boolean;
}

/**
 * Reads the answers to the exchanges, in their order, from all that came over a connection. Written without the parser of the
 * proxy, and as simply as the answers of the tests allow.
 */
export function readAnswers(
  received: string,
  isEnded: boolean,
  exchanges: readonly ExchangePlan[],
): readonly Answer[] {
  const answers: Answer[] = [];
  let rest = received;
  for (const { method } of exchanges) {
    rest = rest.replace(/^(?:HTTP\/1\.1 1\d\d [^]*?\r\n\r\n)+/, '');
    const [head, status] = /^HTTP\/1\.1 (\d{3}) [^]*?\r\n\r\n/.exec(rest) ?? [];
    if (head === undefined) break;
    const isBodiless = method === 'HEAD' || status === '204' || status === '304';
    const { body, isWhole, end } = isBodiless ? NO_BODY : readBody(head, rest.slice(head.length), isEnded);
    const [, id = null] = /^X-Id: (\S+)\r$/m.exec(head) ?? [];
    answers.push({ status: Number(status), id, body, isWhole });
    rest = rest.slice(head.length + end);
  }
  return answers;
}

interface BodyReading {
  readonly body: string;
  readonly isWhole: boolean;
  readonly end: number;
}

const NO_BODY: BodyReading = { body: '', isWhole: true, end: 0 };

function readBody(head: string, text: string, isEnded: boolean): BodyReading {
  const [, length] = /^Content-Length: (\d+)\r$/im.exec(head) ?? [];
  if (length !== undefined) {
    const body = text.slice(0, Number(length));
    return { body, isWhole: body.length === Number(length), end: body.length };
  }
  if (!/^Transfer-Encoding: chunked\r$/im.test(head))
    return { body: text, isWhole: isEnded, end: text.length };
  return readChunks(text);
}

function readChunks(text: string): BodyReading {
  let body = '';
  for (let at = 0; ;) {
    const [line, size] = /^([\da-f]+)\r\n/i.exec(text.slice(at, at + 20)) ?? [];
    if (line === undefined || size === undefined) return { body, isWhole: false, end: text.length };
    at += line.length;
    const length = Number.parseInt(size, 16);
    if (length === 0) {
      const [trailer] = /^(?:[^\r]+\r\n)*\r\n/.exec(text.slice(at, at + 100)) ?? [];
      return { body, isWhole: trailer !== undefined, end: at + (trailer?.length ?? 0) };
    }
    body += text.slice(at, at + length);
    at += length + 2;
  }
}
