import { createHash } from 'node:crypto';
import { SupplyChainError } from '../error.ts';

/** `sha256:` and 64 lower-case hex digits. */
export type Digest = `sha256:${string}`;

/** The digest of these bytes. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Whether the text is a digest as we take them: SHA-256 only, lower case only. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && /^sha256:[0-9a-f]{64}$/.test(text);
}

/** The text as a digest. Throws `BAD_REFERENCE`. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new SupplyChainError(
    'BAD_REFERENCE',
    `"${text.slice(0, 100)}" is not a digest: it must be "sha256:" and 64 lower-case hex digits`,
  );
}

/** Its 64 hex digits. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
