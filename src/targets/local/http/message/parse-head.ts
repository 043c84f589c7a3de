/** Most heads are shorter than this. */
const FIRST_LOOK = 4 * 1024;

/**
 * Has `parse` read a head that begins at `start` of `bytes` and is `limit` long at most: first only as much of it as most
 * heads have, since a long body may follow.
 */
export function parseHead<Head>(
  bytes: Buffer,
  at: { start: number; limit: number },
  parse: (text: string) => Head | null,
): Head | null {
  const { start, limit } = at;
  const head = parse(bytes.toString('latin1', start, Math.min(bytes.length, start + FIRST_LOOK)));
  if (head !== null || bytes.length <= start + FIRST_LOOK) return head;
  return parse(bytes.toString('latin1', start, Math.min(bytes.length, start + limit)));
}
