import { z } from 'zod';
import type { Clock } from '../../../clock/clock.ts';
import type { Instant } from '../../../core/time.ts';
import { SupplyChainError } from '../../error.ts';
import { readAll } from '../../oci/read-all.ts';
import type { Challenge } from './challenge.ts';
import { basic, type Credentials } from './credentials.ts';
import type { Incoming, Outgoing } from './exchange.ts';
import { printable } from './printable.ts';
import { travel, type Transport } from './travel.ts';

/** What a token server gave, and until when it is good. */
export interface Token {
  readonly authorization: string;
  readonly until: Instant;
}

const word = z.string().regex(/^[\x21-\x7e]{1,16384}$/);

const answer = z
  .object({
    token: word.optional(),
    access_token: word.optional(),
    expires_in: z.number().nonnegative().optional(),
  })
  .transform(({ token, access_token: accessToken, expires_in: seconds }) => ({
    token: token ?? accessToken ?? null,
    seconds: seconds ?? 60,
  }));

const LARGEST_ANSWER = 64 * 1024;

/** How long before its end a token is not used any more. */
const MARGIN = 5_000;

/**
 * Asks for a token for this scope: the token flow of the Docker registry, with a password, or that of OAuth 2, with an
 * identity token. Rejects with `UNAUTHORIZED`, `REDIRECT_REFUSED`, `REGISTRY_UNAVAILABLE`.
 */
export async function fetchToken(
  { realm, service, scope }: Extract<Challenge, { kind: 'bearer' }>,
  credentials: Credentials | null,
  { transport, clock }: { readonly transport: Transport; readonly clock: Clock },
  signal?: AbortSignal,
): Promise<Token> {
  if (!URL.canParse(realm)) {
    throw new SupplyChainError(
      'UNAUTHORIZED',
      `${transport.reach.origin} names a token server that is no address: "${printable(realm)}"`,
    );
  }
  const asked = { ...(service === null ? {} : { service }), ...(scope === null ? {} : { scope }) };
  const url = new URL(realm);
  const within = transport.limits.exchange;
  const sent = clock.now();
  const given =
    credentials?.kind === 'identity-token'
      ? await travel(url, refresh(credentials.token, asked, within), transport, signal)
      : await travel(withQuery(url, asked), request(credentials, within), transport, signal);
  const { token, seconds } = await read(given);
  return { authorization: `Bearer ${token}`, until: sent + Math.max(0, seconds * 1_000 - MARGIN) };
}

function request(credentials: Extract<Credentials, { kind: 'password' }> | null, within: number): Outgoing {
  return {
    method: 'GET',
    headers: credentials === null ? {} : { authorization: basic(credentials) },
    within,
  };
}

function refresh(token: string, asked: Readonly<Record<string, string>>, within: number): Outgoing {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'canary-rollout',
    refresh_token: token,
    ...asked,
  });
  const bytes = Buffer.from(form.toString());
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: {
      size: bytes.length,
      async *open() {
        yield bytes;
      },
    },
    within,
  };
}

function withQuery(url: URL, parameters: Readonly<Record<string, string>>): URL {
  const asking = new URL(url);
  for (const [name, value] of Object.entries(parameters)) asking.searchParams.append(name, value);
  return asking;
}

async function read(given: Incoming) {
  const { origin } = given.url;
  if (given.status >= 500 || given.status === 429) {
    given.discard();
    throw new SupplyChainError('REGISTRY_UNAVAILABLE', `the token server ${origin} answers ${given.status}`);
  }
  if (given.status !== 200) {
    given.discard();
    throw new SupplyChainError(
      'UNAUTHORIZED',
      `the token server ${origin} gives no token (${given.status}): check the credentials, and that they may do this`,
    );
  }
  try {
    const { token, seconds } = answer.parse(
      JSON.parse(String(await readAll(given.body, LARGEST_ANSWER, 'a token'))),
    );
    return { token: word.parse(token), seconds };
  } catch (cause) {
    if (cause instanceof SupplyChainError) throw cause;
    throw new SupplyChainError('UNAUTHORIZED', `what the token server ${origin} gives is no token`, {
      cause,
    });
  }
}
