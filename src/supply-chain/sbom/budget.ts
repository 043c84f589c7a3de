import { SupplyChainError } from '../error.ts';

/** How much of an image is read before it counts as an attack. Shared by all its layers. */
export interface Budget {
  /** Counts uncompressed bytes. Throws `TOO_LARGE`. */
  takeBytes(count: number): void;
  /** Counts one entry of an archive. Throws `TOO_LARGE`. */
  takeEntry(): void;
}

/** Lambda, the smallest of the targets, takes images of up to 10 GB without compression. */
const MOST_BYTES = 10 * 1024 ** 3;
const MOST_ENTRIES = 500_000;

export function openBudget(mostBytes = MOST_BYTES, mostEntries = MOST_ENTRIES): Budget {
  let bytes = 0;
  let entries = 0;
  return {
    takeBytes(count) {
      bytes += count;
      if (bytes > mostBytes) throw tooLarge(`${mostBytes} bytes without compression`);
    },
    takeEntry() {
      entries += 1;
      if (entries > mostEntries) throw tooLarge(`${mostEntries} files`);
    },
  };
}

function tooLarge(limit: string): SupplyChainError {
  return new SupplyChainError('TOO_LARGE', `the layers of the image have more than ${limit}`);
}
