import { bundleToJSON } from '@sigstore/bundle';
import { DSSEBundleBuilder, type Signer, type Witness } from '@sigstore/sign';
import { STATEMENT_PAYLOAD, type Statement } from '../attestations/statement.ts';
import { SupplyChainError } from '../error.ts';

/** Who signs, and who testifies to it: a log or a timestamp authority. */
export interface Signing {
  readonly signer: Signer;
  readonly witnesses: readonly Witness[];
}

/** What is signed, byte by byte, and its media type, which is signed with it. */
export interface Payload {
  readonly bytes: Buffer;
  readonly type: string;
}

/**
 * Signs a statement: a Sigstore bundle of version 0.3 around a DSSE envelope, as bytes. Throws `SIGNATURE_ERROR` when the
 * signer or a witness fails, and what a signer throws that is ours.
 */
export async function signStatement(statement: Statement, signing: Signing): Promise<Buffer> {
  return signPayload({ bytes: Buffer.from(JSON.stringify(statement)), type: STATEMENT_PAYLOAD }, signing);
}

/** The same for anything that is to be signed. */
export async function signPayload({ bytes, type }: Payload, signing: Signing): Promise<Buffer> {
  const { signer, hint } = withoutHint(signing.signer);
  try {
    const builder = new DSSEBundleBuilder({ signer, witnesses: [...signing.witnesses] });
    const bundle = await builder.create({ data: bytes, type });
    const { content } = bundle.verificationMaterial;
    if (content.$case === 'publicKey') content.publicKey.hint = hint();
    return Buffer.from(JSON.stringify(bundleToJSON(bundle)));
  } catch (error) {
    const ours = causesOf(error).find((cause) => cause instanceof SupplyChainError);
    if (ours !== undefined) throw ours;
    const why = causesOf(error).map(({ message }) => message);
    throw new SupplyChainError('SIGNATURE_ERROR', `nothing could be signed: ${why.join(': ')}`, {
      cause: error,
    });
  }
}

/**
 * A key is named in the bundle and not in the envelope, too, where the library would put it as well: cosign takes no
 * signature whose envelope names a key.
 */
function withoutHint(signer: Signer): { readonly signer: Signer; readonly hint: () => string } {
  let hint = '';
  const unnamed: Signer = {
    async sign(data) {
      const { signature, key } = await signer.sign(data);
      if (key.$case !== 'publicKey') return { signature, key };
      hint = key.hint ?? '';
      return { signature, key: { $case: 'publicKey', publicKey: key.publicKey } };
    },
  };
  return { signer: unnamed, hint: () => hint };
}

/** An error and what led to it, the last first. */
function causesOf(error: unknown): readonly Error[] {
  if (!(error instanceof Error)) return [];
  return [error, ...causesOf(error.cause)];
}
