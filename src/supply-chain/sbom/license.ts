/** A license as CycloneDX 1.6 has it: by its SPDX id, by an expression of such ids, or by any other name. */
export type License =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'expression'; readonly expression: string }
  | { readonly kind: 'name'; readonly name: string };

/** Ids of the SPDX license list that packages of npm and Debian use most. Others are kept as names. */
const IDS: ReadonlySet<string> = new Set([
  '0BSD',
  'AFL-2.1',
  'AGPL-3.0-only',
  'AGPL-3.0-or-later',
  'Apache-2.0',
  'Artistic-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BSL-1.0',
  'CC-BY-3.0',
  'CC-BY-4.0',
  'CC0-1.0',
  'EPL-2.0',
  'GPL-2.0-only',
  'GPL-2.0-or-later',
  'GPL-3.0-only',
  'GPL-3.0-or-later',
  'ISC',
  'LGPL-2.1-only',
  'LGPL-2.1-or-later',
  'LGPL-3.0-only',
  'LGPL-3.0-or-later',
  'MIT',
  'MIT-0',
  'MPL-2.0',
  'OFL-1.1',
  'OpenSSL',
  'Python-2.0',
  'Unicode-3.0',
  'Unlicense',
  'WTFPL',
  'X11',
  'Zlib',
]);

const LONGEST = 300;

/** Takes what a package says. Null for what says nothing. */
export function licenseOf(text: string): License | null {
  const said = text.trim();
  if (said === '' || said.length > LONGEST) return null;
  if (IDS.has(said)) return { kind: 'id', id: said };
  const words = said.replaceAll(/[()]/g, ' ').trim().split(/\s+/);
  const isExpression =
    words.length > 2 && words.every((word, at) => (at % 2 === 0 ? IDS.has(word) : /^(AND|OR)$/.test(word)));
  return isExpression && isBalanced(said)
    ? { kind: 'expression', expression: said }
    : { kind: 'name', name: said };
}

/** Words are checked apart from this. */
function isBalanced(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0 && !/\(\s*(AND|OR)|(AND|OR)\s*\)|\(\s*\)|\w\(|\)\w|\)\s*\(/.test(text);
}
