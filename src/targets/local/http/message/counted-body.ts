/** A body of known length; of infinite length when only the end of the connection ends it. */
export class CountedBody {
  readonly ranges: number[] = [];
  state: 'reading' | 'complete' = 'reading';
  #missing: number;

  constructor(length: number) {
    this.#missing = length;
  }

  read(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + this.#missing);
    this.#missing -= end - start;
    if (this.#missing === 0) this.state = 'complete';
    this.ranges.length = 0;
    if (end > start) this.ranges.push(start, end);
    return end;
  }
}
