/** `[epoch:]upstream[-revision]`, deb-version(7). */
interface DebianVersion {
  readonly epoch: string;
  readonly upstream: string;
  readonly revision: string;
}

const LONGEST = 300;

/**
 * Compares two versions of Debian packages as dpkg does (deb-version(7)): below, at or above 0. Null when one of them is
 * no version that dpkg would take.
 */
export function compareDebianVersions(a: string, b: string): number | null {
  const [left, right] = [parse(a), parse(b)];
  if (left === null || right === null) return null;
  return (
    compareDigits(left.epoch, right.epoch) ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
}

function parse(text: string): DebianVersion | null {
  if (text.length > LONGEST) return null;
  const parts = /^(?:(\d{1,9}):)?(\d[A-Za-z0-9.+:~-]*)$/.exec(text);
  const rest = parts?.[2];
  if (parts === null || rest === undefined) return null;
  const hyphen = rest.lastIndexOf('-');
  const [upstream, revision] = hyphen < 0 ? [rest, '0'] : [rest.slice(0, hyphen), rest.slice(hyphen + 1)];
  const isWell =
    revision !== '' && !revision.includes(':') && (parts[1] !== undefined || !rest.includes(':'));
  return isWell ? { epoch: parts[1] ?? '0', upstream, revision } : null;
}

/** Stretches without digits and stretches of digits, by turns. */
function compareParts(a: string, b: string): number {
  const [left, right] = [stretches(a), stretches(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [mine = '', other = ''] = [left[at], right[at]];
    const difference = at % 2 === 0 ? compareWords(mine, other) : compareDigits(mine, other);
    if (difference !== 0) return difference;
  }
  return 0;
}

function stretches(text: string): readonly string[] {
  return [...text.matchAll(/(\D*)(\d*)/g)].flatMap(([, word = '', digits = '']) => [word, digits]);
}

function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : Number(left > right);
}

function compareWords(a: string, b: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = rank(a[at]) - rank(b[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A tilde comes before the end, the end before letters, and letters before everything else. */
function rank(character: string | undefined): number {
  if (character === '~') return -1;
  if (character === undefined) return 0;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}
