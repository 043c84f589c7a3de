/** How a registry wants to be shown who asks (`WWW-Authenticate`, RFC 9110 section 11.6.1). */
export type Challenge =
  | { readonly kind: 'basic' }
  | {
      readonly kind: 'bearer';
      readonly realm: string;
      readonly service: string | null;
      readonly scope: string | null;
    };

const SCHEME = /(?:^|,)\s*(basic|bearer)(?:\s+|$)/gi;
const PARAMETER = /([a-z_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;
const LONGEST = 8 * 1024;

/** The challenge to answer: a token is preferred to a password. Null when there is none that we know. */
export function parseChallenge(header: string | undefined): Challenge | null {
  const text = (header ?? '').slice(0, LONGEST);
  const starts = [...text.matchAll(SCHEME)];
  const challenges = starts.map((start, index) => {
    const parameters = text.slice(start.index + start[0].length, starts[index + 1]?.index);
    return challengeOf(start[1] ?? '', parameters);
  });
  return (
    challenges.find((each) => each?.kind === 'bearer') ?? challenges.find((each) => each !== null) ?? null
  );
}

function challengeOf(scheme: string, text: string): Challenge | null {
  if (scheme.toLowerCase() === 'basic') return { kind: 'basic' };
  const parameters = new Map(
    [...text.matchAll(PARAMETER)].map(([, name = '', quoted, bare]) => [
      name.toLowerCase(),
      quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '',
    ]),
  );
  const realm = parameters.get('realm');
  if (realm === undefined) return null;
  return {
    kind: 'bearer',
    realm,
    service: parameters.get('service') ?? null,
    scope: parameters.get('scope') ?? null,
  };
}
