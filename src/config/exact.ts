import { z } from 'zod';
import { parseReference, repositoryName } from '../supply-chain/oci/reference.ts';

/** Signs of a pattern that no exact value here has. */
const PATTERN = /[*^$|\\()[\]{}]|\.[+?]/;

/**
 * A text that is compared as a whole. Whoever writes a pattern expects more to match than does, or, were it one, lets
 * in more than they think: patterns without anchors are the classic hole of identity checks.
 */
export function exact() {
  return z
    .string()
    .min(1, { error: 'must not be empty' })
    .refine((text) => !PATTERN.test(text), {
      error:
        'looks like a pattern, and patterns are not supported: values must match as a whole, as if they were anchored at both ends. Write the exact value; several go in a list',
    });
}

/** One or several of them. */
export function exactList() {
  return z.union([exact().transform((text) => [text]), z.array(exact()).min(1)], {
    error: 'must be an exact value, or a list of at least one',
  });
}

/** Registry and repository, without tag and digest. */
export const imageName = exact().refine(isImageName, {
  error: 'must be registry and repository without tag and digest, such as "registry/podinfo"',
});

/** Whether it is registry and repository, without tag and digest. */
export function isImageName(text: string): boolean {
  try {
    const reference = parseReference(text);
    return text === repositoryName(reference);
  } catch {
    return false;
  }
}
