/** A package that apk has installed. */
export interface AlpinePackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string | null;
  /** The package that it was built together with. */
  readonly origin: string;
  readonly license: string | null;
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/;
const VERSION = /^[0-9][A-Za-z0-9._~-]*$/;

/**
 * Reads apk's list of packages: paragraphs of lines, each a letter, a colon and a value. Null if it holds a package that
 * cannot be understood.
 */
export function parseAlpinePackages(text: string): readonly AlpinePackage[] | null {
  const packages: AlpinePackage[] = [];
  for (const paragraph of text.split(/\n{2,}/)) {
    if (paragraph.trim() === '') continue;
    const found = packageOf(paragraph);
    if (found === null) return null;
    packages.push(found);
  }
  return packages;
}

function packageOf(paragraph: string): AlpinePackage | null {
  const value = (letter: string) =>
    paragraph
      .split('\n')
      .find((line) => line.startsWith(`${letter}:`))
      ?.slice(2)
      .trim();
  const [name = '', version = ''] = [value('P'), value('V')];
  const isWell = NAME.test(name) && VERSION.test(version) && name.length + version.length <= 400;
  if (!isWell) return null;
  return {
    name,
    version,
    architecture: value('A') ?? null,
    origin: value('o') ?? name,
    license: value('L') ?? null,
  };
}
