import { parseFields } from './fields.ts';
import { CR, HEX_VALUE, LF, SEMICOLON } from './octets.ts';

/** 13 hexadecimal digits are 52 bits: every size is exact. */
const MOST_DIGITS = 13;
const NO_DIGIT = 255;
const LONGEST_EXTENSION = 1024;
const LONGEST_TRAILER = 16 * 1024;
const EXTENSION =
  /^(?:;[\w!#$%&'*+\-.^`|~]+(?:=(?:[\w!#$%&'*+\-.^`|~]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)+$/;

type Part = 'size' | 'extension' | 'size-end' | 'data' | 'data-end' | 'data-end-line' | 'trailer';

/**
 * A body in chunks (RFC 9112, section 7.1). Sizes, data and trailer are passed on as they came, or the data alone when
 * it is to be unwrapped. Extensions end here: they are meant for one hop, and no two servers agree on their edges.
 */
export class ChunkedBody {
  readonly ranges: number[] = [];
  state: 'reading' | 'complete' | 'bad' = 'reading';
  readonly #unwraps: boolean;
  #part: Part = 'size';
  #digits = 0;
  /** Of the chunk, what is still to come. */
  #missing = 0;
  #extension = '';
  #trailer = '';

  constructor(unwraps: boolean) {
    this.#unwraps = unwraps;
  }

  read(bytes: Buffer, start: number): number {
    this.ranges.length = 0;
    let at = start;
    while (at < bytes.length && this.state === 'reading') {
      switch (this.#part) {
        case 'size':
          at = this.#readSize(bytes, at);
          break;
        case 'extension':
          at = this.#readExtension(bytes, at);
          break;
        case 'size-end':
          at = this.#expect(LF, bytes, at, this.#missing === 0 ? 'trailer' : 'data');
          break;
        case 'data':
          at = this.#readData(bytes, at);
          break;
        case 'data-end':
          at = this.#expect(CR, bytes, at, 'data-end-line');
          break;
        case 'data-end-line':
          at = this.#expect(LF, bytes, at, 'size');
          this.#digits = 0;
          break;
        case 'trailer':
          at = this.#readTrailer(bytes, at);
          break;
      }
    }
    return at;
  }

  #readSize(bytes: Buffer, start: number): number {
    let at = start;
    for (; at < bytes.length; at += 1) {
      const value = HEX_VALUE[bytes[at] ?? 0] ?? NO_DIGIT;
      if (value === NO_DIGIT) break;
      this.#missing = this.#missing * 16 + value;
      this.#digits += 1;
    }
    this.#frame(start, at);
    if (this.#digits > MOST_DIGITS) return this.#refuse(at);
    if (at === bytes.length) return at;
    if (this.#digits === 0) return this.#refuse(at);
    if (bytes[at] !== SEMICOLON) return this.#expect(CR, bytes, at, 'size-end');
    this.#extension = '';
    this.#part = 'extension';
    return at;
  }

  #readExtension(bytes: Buffer, start: number): number {
    const found = bytes.indexOf(CR, start);
    const end = found === -1 ? bytes.length : found;
    if (this.#extension.length + end - start > LONGEST_EXTENSION) return this.#refuse(end);
    this.#extension += bytes.toString('latin1', start, end);
    if (found === -1) return end;
    return EXTENSION.test(this.#extension) ? this.#expect(CR, bytes, end, 'size-end') : this.#refuse(end);
  }

  #readData(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + this.#missing);
    this.#keep(start, end);
    this.#missing -= end - start;
    if (this.#missing === 0) this.#part = 'data-end';
    return end;
  }

  #readTrailer(bytes: Buffer, start: number): number {
    const before = this.#trailer.length;
    this.#trailer += bytes.toString('latin1', start);
    const trailer = parseFields(this.#trailer, 0);
    if (trailer === null) {
      this.#frame(start, bytes.length);
      return this.#trailer.length > LONGEST_TRAILER ? this.#refuse(bytes.length) : bytes.length;
    }
    const rewritesHead = trailer.kind === 'fields' && trailer.lines.some((line) => line.known !== null);
    if (trailer.kind === 'refusal' || rewritesHead) return this.#refuse(start);
    const end = start + trailer.end - before;
    this.#frame(start, end);
    this.state = 'complete';
    return end;
  }

  #expect(octet: number, bytes: Buffer, at: number, next: Part): number {
    if (bytes[at] !== octet) return this.#refuse(at);
    this.#frame(at, at + 1);
    this.#part = next;
    return at + 1;
  }

  #refuse(at: number): number {
    this.state = 'bad';
    return at;
  }

  #frame(start: number, end: number): void {
    if (!this.#unwraps) this.#keep(start, end);
  }

  #keep(start: number, end: number): void {
    if (start === end) return;
    const last = this.ranges.length - 1;
    if (this.ranges[last] === start) this.ranges[last] = end;
    else this.ranges.push(start, end);
  }
}
