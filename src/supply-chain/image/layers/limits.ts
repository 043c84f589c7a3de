import { SupplyChainError } from '../../error.ts';

/** More than this is not taken. All figures are of the whole image. */
export interface LayerLimits {
  /** Bytes of all layers as they are stored. */
  readonly compressed: number;
  /** Bytes of all layers without compression. */
  readonly unpacked: number;
  /** Times that a layer may grow, beyond its first 16 MiB. */
  readonly ratio: number;
  /** Files, directories, links and whiteouts. */
  readonly entries: number;
  /** Bytes of a path from the root of the image. */
  readonly path: number;
}

const GIGABYTE = 1024 ** 3;

/** Below this a layer may be as compressible as it likes. */
const SMALL = 16 * 1024 * 1024;

/** Steps through links on the way to entries, and of links themselves. Real images take a few for each link. */
const MOST_LINK_STEPS = 20_000_000;

/** What AWS Lambda takes at most, and more entries than any sensible service has. */
export const LARGEST_IMAGE = { unpacked: 10 * GIGABYTE, entries: 500_000 } as const;

/** Keeps count of what an image takes. Everything throws `TOO_LARGE` when it is too much. */
export interface Budget {
  readonly path: number;
  /** For one more layer of that many stored bytes: a function to tell of bytes without compression. */
  layer(stored: number): (bytes: number) => void;
  entry(): void;
  /** One part of the target of a link that is followed. */
  linkStep(): void;
}

/** A budget that nothing was taken from. `what` is what messages speak of. */
export function budgetOf(limits: LayerLimits, what: string): Budget {
  let compressed = 0;
  let unpacked = 0;
  let entries = 0;
  let linkSteps = 0;

  function require(isWithin: boolean, detail: string): void {
    if (!isWithin) throw new SupplyChainError('TOO_LARGE', `${what} has ${detail}, and is not read further`);
  }

  return {
    path: limits.path,
    layer(stored) {
      compressed += stored;
      require(compressed <= limits.compressed, `more than ${limits.compressed} bytes`);
      const most = Math.max(SMALL, stored * limits.ratio);
      let grown = 0;
      return (bytes) => {
        grown += bytes;
        unpacked += bytes;
        require(unpacked <= limits.unpacked, `more than ${limits.unpacked} bytes when unpacked`);
        require(grown <= most, `a layer that grows to more than ${limits.ratio} times its size`);
      };
    },
    entry() {
      entries += 1;
      require(entries <= limits.entries, `more than ${limits.entries} entries`);
    },
    linkStep() {
      linkSteps += 1;
      require(linkSteps <= MOST_LINK_STEPS, 'too many links through links');
    },
  };
}
