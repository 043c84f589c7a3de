import { bundleToJSON, type SerializedBundle } from '@sigstore/bundle';
import { DSSEBundleBuilder, type Signer, type Witness } from '@sigstore/sign';
import { STATEMENT_PAYLOAD, type Statement } from '../attestations/statement.ts';

/** What is signed, byte by byte, and what it is said to be. */
export interface Payload {
  readonly bytes: Uint8Array;
  /** Its media type; it is signed with the bytes. */
  readonly type: string;
}

/** Signs a statement: gives the bytes of a Sigstore bundle, version 0.3. Rejects with what the signer or a witness says. */
export async function signStatement(
  statement: Statement,
  signer: Signer,
  witnesses: readonly Witness[] = [],
): Promise<Buffer> {
  const payload = { bytes: Buffer.from(JSON.stringify(statement)), type: STATEMENT_PAYLOAD };
  return Buffer.from(JSON.stringify(await signPayload(payload, signer, witnesses)));
}

/** Signs any payload in a DSSE envelope, and has witnesses log the signature or give the time of it. */
export async function signPayload(
  { bytes, type }: Payload,
  signer: Signer,
  witnesses: readonly Witness[] = [],
): Promise<SerializedBundle> {
  const builder = new DSSEBundleBuilder({ signer, witnesses: [...witnesses] });
  return bundleToJSON(await builder.create({ data: Buffer.from(bytes), type }));
}
