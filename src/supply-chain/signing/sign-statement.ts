import { bundleToJSON } from '@sigstore/bundle';
import { DSSEBundleBuilder, type Signer, type Witness } from '@sigstore/sign';
import { STATEMENT_PAYLOAD, type Statement } from '../attestations/statement.ts';
import { SupplyChainError } from '../error.ts';

/** Who signs, and who testifies to it: a log or a timestamp authority. */
export interface Signing {
  readonly signer: Signer;
  readonly witnesses: readonly Witness[];
}

/**
 * Signs a statement: a Sigstore bundle of version 0.3 around a DSSE envelope, as bytes. Throws `SIGNATURE_ERROR` when the
 * signer or a witness fails.
 */
export async function signStatement(statement: Statement, { signer, witnesses }: Signing): Promise<Buffer> {
  const data = Buffer.from(JSON.stringify(statement));
  try {
    const builder = new DSSEBundleBuilder({ signer, witnesses: [...witnesses] });
    const bundle = await builder.create({ data, type: STATEMENT_PAYLOAD });
    return Buffer.from(JSON.stringify(bundleToJSON(bundle)));
  } catch (cause) {
    if (cause instanceof SupplyChainError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SupplyChainError('SIGNATURE_ERROR', `the statement could not be signed: ${why}`, { cause });
  }
}
