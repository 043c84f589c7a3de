import type { RequestHead } from '../../http/index.ts';

/** The value of a cookie that the request brings, as it stands; undefined without it (RFC 6265, section 4.2). */
export function cookieValue(head: RequestHead, name: string): string | undefined {
  const cookies = head.header('cookie');
  if (cookies === undefined) return undefined;
  for (const pair of cookies.split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}
