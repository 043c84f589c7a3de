import type { Credentials } from './credentials.ts';

/** A name and a password as a header says them (RFC 7617). */
export function basic({ username, password }: Extract<Credentials, { kind: 'password' }>): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
