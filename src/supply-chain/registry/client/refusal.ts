import { z } from 'zod';
import type { Milliseconds } from '../../../core/time.ts';
import { SupplyChainError, type SupplyChainCode } from '../../error.ts';
import { readAll } from '../../oci/read-all.ts';
import type { Incoming } from './exchange.ts';
import { printable } from './printable.ts';

/** A registry that asks us to come back later. */
export class RegistryBusy extends SupplyChainError {
  /** The value of `Retry-After`: seconds or a date (RFC 9110 section 10.2.3). */
  readonly retryAfter: string | null;

  constructor(message: string, retryAfter: string | null) {
    super('REGISTRY_UNAVAILABLE', message);
    this.retryAfter = retryAfter;
  }
}

const document = z.object({
  errors: z
    .array(z.object({ code: z.string().optional(), message: z.string().nullish() }))
    .min(1)
    .max(100),
});

const LARGEST_DOCUMENT = 8 * 1024;
const HTTP_BUSY: readonly number[] = [408, 425, 429];

/** The error for an answer that is not what was hoped for; reads and ends it. `what` completes "refuses to …". */
export async function refusalOf(incoming: Incoming, what: string): Promise<SupplyChainError> {
  const { status, headers, url } = incoming;
  const { code, words } = await saidIn(incoming);
  const said = words === '' ? '' : `: "${printable(words)}"`;
  const sentence = `${url.origin} refuses to ${what} (${status})${said}`;
  if (status >= 500 || HTTP_BUSY.includes(status)) {
    const hint = 'The registry is overloaded or broken: try again later.';
    return new RegistryBusy(`${sentence}. ${hint}`, headers['retry-after'] ?? null);
  }
  return new SupplyChainError(codeFor(status, code), `${sentence}. ${hintFor(status)}`);
}

/** How long a registry asks us to wait; null when it does not say. */
export function waitAskedFor({ retryAfter }: RegistryBusy, now: number): Milliseconds | null {
  if (retryAfter === null) return null;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

async function saidIn({ body }: Incoming): Promise<{ readonly code: string; readonly words: string }> {
  try {
    const bytes = await readAll(body, LARGEST_DOCUMENT, 'the answer');
    const { errors } = document.parse(JSON.parse(bytes.toString('utf8')));
    const [first] = errors;
    return { code: first?.code ?? '', words: [first?.code, first?.message].filter(Boolean).join(' ') };
  } catch {
    return { code: '', words: '' };
  }
}

function codeFor(status: number, code: string): SupplyChainCode {
  if (code === 'DIGEST_INVALID') return 'DIGEST_MISMATCH';
  if (status === 401 || status === 403) return 'UNAUTHORIZED';
  if (status === 404) return 'NOT_FOUND';
  return status === 413 ? 'TOO_LARGE' : 'REGISTRY_UNAVAILABLE';
}

function hintFor(status: number): string {
  if (status === 401) return 'Log in to the registry (docker login), or check the credentials.';
  if (status === 403) return 'Who we are there may not do this: check the permissions.';
  if (status === 404) return 'Check the name; some registries want a repository to be created first.';
  return 'Check that it is a registry of the OCI distribution specification.';
}
