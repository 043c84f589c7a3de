/** Header lines in their order; a name may be there more than once. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** These concern one connection only (RFC 9110, section 7.6.1), or tell the length of a body that is sent anew. */
const OF_THE_CONNECTION = [
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** The lines that are meant for the other end: without those of the connection, and those that `Connection` names. */
export function endToEnd(lines: HeaderLines): HeaderLines {
  const named = valuesOf(lines, 'connection').flatMap((value) => value.toLowerCase().split(/\s*,\s*/));
  const dropped = new Set([...OF_THE_CONNECTION, ...named]);
  return lines.filter(([name]) => !dropped.has(name.toLowerCase()));
}

/** All values of a header, whose name is given in small letters. */
export function valuesOf(lines: HeaderLines, wanted: string): readonly string[] {
  return lines.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

/** The values of each header by its name in small letters. */
export function byName(lines: HeaderLines): Readonly<Record<string, string[]>> {
  const names = new Set(lines.map(([name]) => name.toLowerCase()));
  return Object.fromEntries([...names].map((name) => [name, [...valuesOf(lines, name)]]));
}
