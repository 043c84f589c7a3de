import { type Digest, digestOf } from '../oci/digest.ts';
import type { Policy } from './policy.ts';

/** Stands for exactly this policy: the digest of its JSON with the names of every object in order. */
export function policyDigest(policy: Policy): Digest {
  return digestOf(canonical(policy));
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}
