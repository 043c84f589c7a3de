/** Does something with each, no more than `most` at once; gives the results in the order of the items. Stops at the first failure. */
export async function mapAtMost<Item, Result>(
  most: number,
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const pending = items.entries();
  let hasFailed = false;

  async function work(): Promise<void> {
    for (const [index, item] of pending) {
      if (hasFailed) return;
      try {
        results[index] = await act(item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  }

  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
  return results;
}
