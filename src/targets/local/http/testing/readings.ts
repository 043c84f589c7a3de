import { type Body, bodyOf } from '../message/body.ts';
import { parseRequest } from '../message/request.ts';
import { parseResponse } from '../message/response.ts';

/** A message as it was understood. */
export interface Reading {
  /** Method and target, or the status. */
  readonly head: string;
  readonly body: string;
}

/** What our parser makes of all that comes over a connection. */
export interface Understanding {
  readonly readings: readonly Reading[];
  /** Whether what follows the readings was refused. If not, it is cut off, or nothing. */
  readonly isRefused: boolean;
  /** What follows the last message that was read, unless it was refused. */
  readonly rest: string;
}

/** Reads requests that arrive in pieces, until one is refused or ends its connection. */
export function understandRequests(pieces: readonly string[]): Understanding {
  return understand(pieces, (text) => {
    const request = parseRequest(text, 8192);
    if (request === null || request.kind === 'refusal') return request;
    const { method, target, minor, connection, framing, fields } = request;
    const isLast = connection.close || (minor === 0 && !connection.keepAlive);
    return { head: `${method} ${target}`, body: bodyOf(framing, true), end: fields.end, isLast };
  });
}

/** Reads the response to a GET; the end of the pieces is the end of the connection. */
export function understandResponse(pieces: readonly string[]): Understanding {
  return understand(pieces, (text) => {
    const response = parseResponse(text, 'GET');
    if (response === null || response.kind === 'refusal') return response;
    const { status, framing, fields } = response;
    const endsWithConnection = framing.kind === 'until-close';
    const body = bodyOf(framing, true);
    return { head: `${status}`, body, end: fields.end, isLast: status >= 200, endsWithConnection };
  });
}

interface Head {
  readonly head: string;
  readonly body: Body | null;
  readonly end: number;
  readonly isLast: boolean;
  readonly endsWithConnection?: boolean;
}

type Parse = (text: string) => Head | { readonly kind: 'refusal' } | null;

function understand(pieces: readonly string[], parse: Parse): Understanding {
  const reader = new Reader(parse);
  for (const piece of pieces) reader.add(piece);
  return reader.end();
}

class Reader {
  readonly #parse: Parse;
  readonly #readings: Reading[] = [];
  #state: 'reading' | 'over' | 'refused' = 'reading';
  #rest = '';
  #open: Head | null = null;
  #body = '';

  constructor(parse: Parse) {
    this.#parse = parse;
  }

  add(piece: string): void {
    this.#rest += piece;
    let goesOn = true;
    while (goesOn && this.#state === 'reading') goesOn = this.#readHead() && this.#readBody();
  }

  end(): Understanding {
    if (this.#open?.endsWithConnection === true) this.#close(this.#open);
    const isRefused = this.#state === 'refused';
    return { readings: this.#readings, isRefused, rest: isRefused ? '' : this.#rest };
  }

  /** Whether the head is whole. */
  #readHead(): boolean {
    if (this.#open !== null) return true;
    this.#rest = this.#rest.replace(/^(?:\r\n)+/, '');
    const head = this.#rest === '\r' ? null : this.#parse(this.#rest);
    if (head === null) return false;
    if ('kind' in head) this.#state = 'refused';
    else this.#open = head;
    this.#rest = this.#rest.slice(this.#open?.end ?? 0);
    return this.#open !== null;
  }

  /** Whether the body is whole. */
  #readBody(): boolean {
    const { body = null } = this.#open ?? {};
    if (body !== null) this.#readPart(body);
    if (body?.state === 'bad') this.#state = 'refused';
    const isWhole = body === null || body.state === 'complete';
    if (isWhole && this.#open !== null) this.#close(this.#open);
    return isWhole;
  }

  #readPart(body: Body): void {
    const bytes = Buffer.from(this.#rest, 'latin1');
    const end = body.read(bytes, 0);
    this.#rest = this.#rest.slice(end);
    for (let index = 0; index < body.ranges.length; index += 2) {
      this.#body += bytes.toString('latin1', body.ranges[index], body.ranges[index + 1]);
    }
  }

  #close({ head, isLast }: Head): void {
    this.#readings.push({ head, body: this.#body });
    this.#open = null;
    this.#body = '';
    if (isLast) this.#state = 'over';
  }
}
