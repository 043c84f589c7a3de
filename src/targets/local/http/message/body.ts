import { ChunkedBody } from './chunked-body.ts';
import { CountedBody } from './counted-body.ts';
import type { Framing } from './framing.ts';

/**
 * Follows a body through the reads in which it arrives. It copies nothing: after each `read`, `ranges` holds pairs of
 * positions, and what lies between them is to be passed on.
 */
export interface Body {
  readonly ranges: readonly number[];
  readonly state: 'reading' | 'complete' | 'bad';
  /** Reads `bytes` from `start` on. Returns where the body ends in them, or how far they reach. */
  read(bytes: Buffer, start: number): number;
}

/** A follower for a body of that framing; null when there is no body. `unwraps` takes chunks apart. */
export function bodyOf(framing: Framing, unwraps: boolean): Body | null {
  switch (framing.kind) {
    case 'none':
      return null;
    case 'length':
      return new CountedBody(framing.length);
    case 'until-close':
      return new CountedBody(Number.POSITIVE_INFINITY);
    case 'chunked':
      return new ChunkedBody(unwraps);
  }
  return framing satisfies never;
}
