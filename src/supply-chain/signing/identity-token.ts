import { setTimeout as wait } from 'node:timers/promises';
import type { IdentityProvider } from '@sigstore/sign';
import { z } from 'zod';
import { SupplyChainError } from '../error.ts';
import { PATIENCE, type Patience, waitAfter } from './patience.ts';

/** Where a job of GitHub Actions gets tokens that say which workflow it is; values of two environment variables. */
export interface ActionsTokens {
  /** `ACTIONS_ID_TOKEN_REQUEST_URL`. */
  readonly url: string;
  /** `ACTIONS_ID_TOKEN_REQUEST_TOKEN`. A secret. */
  readonly token: string;
}

/** For whom Sigstore's certificate authority wants tokens to be. */
const AUDIENCE = 'sigstore';

/** Gives a token that somebody else got. It is valid for minutes only. */
export function givenToken(token: string): IdentityProvider {
  return { getToken: async () => checkedToken(token.trim()) };
}

/**
 * Gives tokens of the job that this runs in. Asks again, after waits, when the service fails. Throws `KEY_ERROR`; neither secret is ever
 * part of a message.
 */
export function actionsToken({ url, token }: ActionsTokens, patience: Patience = PATIENCE): IdentityProvider {
  return {
    async getToken() {
      const address = addressOf(url);
      for (let failures = 1; ; failures += 1) {
        const answer = await ask(address, token, patience).catch((cause: unknown) =>
          unavailable(String(cause), cause),
        );
        if (answer instanceof Response && answer.ok) return checkedToken(await tokenIn(answer));
        const error = answer instanceof Response ? unavailable(`it answers ${answer.status}`) : answer;
        const isPassing = !(answer instanceof Response) || answer.status >= 500 || answer.status === 429;
        if (!isPassing || failures > patience.retries) throw error;
        await wait(waitAfter(failures, patience));
      }
    },
  };
}

function addressOf(url: string): URL {
  try {
    const address = new URL(url);
    address.searchParams.set('audience', AUDIENCE);
    return address;
  } catch {
    throw unavailable('its address is none');
  }
}

async function ask(address: URL, token: string, { timeout }: Patience): Promise<Response> {
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
  // A redirect would hand the secret on.
  return fetch(address, { headers, redirect: 'error', signal: AbortSignal.timeout(timeout) });
}

const answered = z.object({ value: z.string() });

async function tokenIn(answer: Response): Promise<string> {
  try {
    return answered.parse(await answer.json()).value;
  } catch (cause) {
    throw unavailable('its answer holds none', cause);
  }
}

const claims = z
  .object({ sub: z.string().min(1), email: z.unknown().optional(), email_verified: z.unknown().optional() })
  .refine(({ email, email_verified: isVerified }) => !email || Boolean(isVerified));

/** The libraries put a token that they cannot read into the message of their error, so that none gets that far. */
function checkedToken(token: string): string {
  const [, payload = '', signature] = token.split('.');
  try {
    if (signature === undefined) throw new Error('it has no three parts');
    claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    return token;
  } catch {
    throw new SupplyChainError(
      'KEY_ERROR',
      'what was given as the identity token is no JSON Web Token with a subject; in GitHub Actions the job needs `permissions: id-token: write`',
    );
  }
}

function unavailable(why: string, cause?: unknown): SupplyChainError {
  const options = cause === undefined ? undefined : { cause };
  return new SupplyChainError('KEY_ERROR', `GitHub Actions gives no identity token: ${why}`, options);
}
