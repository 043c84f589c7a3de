import { z } from 'zod';
import type { Digest } from '../oci/digest.ts';
import { SupplyChainError } from '../error.ts';

/** Type of the payload of a signed envelope that holds an in-toto statement. */
export const STATEMENT_PAYLOAD = 'application/vnd.in-toto+json';

/** cosign still writes the first of them around today's predicates. */
const STATEMENT_TYPES = ['https://in-toto.io/Statement/v0.1', 'https://in-toto.io/Statement/v1'] as const;

const statement = z.object({
  _type: z.enum(STATEMENT_TYPES),
  subject: z
    .array(z.object({ name: z.string().exactOptional(), digest: z.record(z.string(), z.string()) }))
    .min(1)
    .max(1024),
  predicateType: z.string().min(1).max(512),
  predicate: z.unknown(),
});

/** An in-toto statement: what is said (predicate) about what (subject). */
export type Statement = z.infer<typeof statement>;

/** Reads the payload of a verified envelope. Throws `MALFORMED_STATEMENT`. */
export function parseStatement(payload: Uint8Array): Statement {
  try {
    return statement.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)));
  } catch (cause) {
    const detail = cause instanceof z.ZodError ? z.prettifyError(cause) : 'it is no JSON';
    throw new SupplyChainError('MALFORMED_STATEMENT', `what was signed is no in-toto statement: ${detail}`, {
      cause,
    });
  }
}

/** Whether it is about that image, among others perhaps. Only the digest says so, never a name. */
export function isAbout({ subject }: Statement, image: Digest): boolean {
  return subject.some(({ digest }) => `sha256:${digest['sha256'] ?? ''}` === image);
}

/** A statement about one image, as we make them. */
export function statementAbout(
  { repository, digest }: { readonly repository: string; readonly digest: Digest },
  predicateType: string,
  predicate: unknown,
): Statement {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: repository, digest: { sha256: digest.slice('sha256:'.length) } }],
    predicateType,
    predicate,
  };
}
