import type { Signer } from '@sigstore/verify';
import type { Identity } from './trust.ts';

/** Who a certificate was made for, and for which workflow, as far as it says. */
export interface CertificateIdentity {
  readonly subject: string | null;
  readonly issuer: string | null;
  readonly sourceRepository: string | null;
  readonly sourceRepositoryRef: string | null;
  readonly sourceRepositoryId: string | null;
  readonly sourceRepositoryOwnerId: string | null;
}

/** Extensions of Fulcio's certificates (1.3.6.1.4.1.57264.1). */
const FULCIO = '1.3.6.1.4.1.57264.1';
const OIDS = {
  issuer: `${FULCIO}.8`,
  sourceRepository: `${FULCIO}.12`,
  sourceRepositoryRef: `${FULCIO}.14`,
  sourceRepositoryId: `${FULCIO}.15`,
  sourceRepositoryOwnerId: `${FULCIO}.17`,
} as const;

export function identityOf({ identity }: Signer): CertificateIdentity {
  const extension = (oid: string) => {
    const found = identity?.oids?.filter((each) => each.oid?.id.join('.') === oid) ?? [];
    const [only] = found;
    return found.length === 1 && only !== undefined ? utf8String(only.value) : null;
  };
  return {
    subject: identity?.subjectAlternativeName ?? null,
    issuer: extension(OIDS.issuer),
    sourceRepository: extension(OIDS.sourceRepository),
    sourceRepositoryRef: extension(OIDS.sourceRepositoryRef),
    sourceRepositoryId: extension(OIDS.sourceRepositoryId),
    sourceRepositoryOwnerId: extension(OIDS.sourceRepositoryOwnerId),
  };
}

/** What is only asked for where a workflow is trusted. */
const SOURCES = [
  'sourceRepository',
  'sourceRepositoryRef',
  'sourceRepositoryId',
  'sourceRepositoryOwnerId',
] as const;

/** Whether it is exactly who is trusted: everything that is asked for must be there and be the same. */
export function isIdentity(shown: CertificateIdentity, trusted: Identity): boolean {
  return (
    shown.subject === trusted.subject &&
    shown.issuer === trusted.issuer &&
    SOURCES.every((source) => trusted[source] === null || trusted[source] === shown[source])
  );
}

/** For people. */
export function sayIdentity({
  subject,
  issuer,
  sourceRepository,
  sourceRepositoryRef: ref,
  sourceRepositoryId,
}: CertificateIdentity): string {
  const id = sourceRepositoryId === null ? '' : ` (id ${sourceRepositoryId})`;
  const at = ref === null ? '' : ` at ${ref}`;
  const isItsOwn = subject?.startsWith(`${sourceRepository}/`) === true && subject.endsWith(`@${ref}`);
  const source = sourceRepository === null || isItsOwn ? '' : `, run by ${sourceRepository}${id}${at}`;
  return `${subject ?? 'nobody'}, says ${issuer ?? 'nobody'}${source}`;
}

/** The text of a DER UTF8String of less than 64 kB; null if it is none. */
function utf8String(der: Uint8Array): string | null {
  const [tag, first = 0, second = 0, third = 0] = der;
  const [start, length] =
    first < 0x80
      ? [2, first]
      : first === 0x81
        ? [3, second]
        : first === 0x82
          ? [4, second * 256 + third]
          : [0, -1];
  if (tag !== 0x0c || der.length !== start + length) return null;
  return Buffer.from(der.subarray(start)).toString('utf8');
}
