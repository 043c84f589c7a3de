import type { Signer } from '@sigstore/verify';
import type { Identity } from './trust.ts';

/** What Fulcio says in a certificate about who asked for it, by the last number of its object identifier. */
const EXTENSIONS = [
  ['issuer', 8],
  ['sourceRepository', 12],
  ['sourceRepositoryId', 15],
  ['sourceRepositoryOwnerId', 17],
] as const;
const FULCIO = '1.3.6.1.4.1.57264.1';

/** The identity in a verified certificate. */
export type ShownIdentity = NonNullable<Signer['identity']>;

/** Why the certificate is not of that identity, in half a sentence; null if it is. Everything is compared exactly. */
export function differenceTo(expected: Identity, shown: ShownIdentity): string | null {
  if (shown.subjectAlternativeName !== expected.subject) {
    return `the signer is ${shown.subjectAlternativeName ?? 'nobody'}, not ${expected.subject}`;
  }
  for (const [name, number] of EXTENSIONS) {
    const value = expected[name];
    if (value !== null && !says(shown, number, value)) {
      return `its ${name} is ${valueOf(shown, number) ?? 'not said'}, not ${value}`;
    }
  }
  return null;
}

/** The signer for people: subject and issuer. */
export function sayIdentity({ subjectAlternativeName, extensions }: ShownIdentity): string {
  return `${subjectAlternativeName ?? 'nobody'} (${extensions?.issuer ?? 'no issuer'})`;
}

/** Whether there is exactly one extension of that number, and it has that value: a UTF8String in DER. */
function says(shown: ShownIdentity, number: number, value: string): boolean {
  const [only, ...more] = valuesOf(shown, number);
  return only !== undefined && more.length === 0 && only.equals(utf8String(value));
}

function valueOf(shown: ShownIdentity, number: number): string | undefined {
  return valuesOf(shown, number)[0]
    ?.toString('utf8')
    .replaceAll(/[^\x20-\x7e]/g, '');
}

function valuesOf({ oids = [] }: ShownIdentity, number: number): readonly Buffer[] {
  return oids.filter(({ oid }) => oid?.id.join('.') === `${FULCIO}.${number}`).map(({ value }) => value);
}

/** DER of a UTF8String: tag, length, and the bytes. */
function utf8String(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.from([0x0c, ...derLength(bytes.length)]), bytes]);
}

function derLength(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}
