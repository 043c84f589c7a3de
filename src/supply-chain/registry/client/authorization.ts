import type { Clock } from '../../../clock/clock.ts';
import { parseChallenge } from './challenge.ts';
import { basic, type CredentialsFor } from './credentials.ts';
import { fetchToken, type Token } from './token.ts';
import type { Transport } from './travel.ts';

/** What a request is for. Tokens are asked for with no more rights than that. */
export type Access = 'pull' | 'push';

/** Shows one registry who we are, as it wants it. */
export interface Authorization {
  /** The header that is good for this, if it is known already. */
  known(access: Access): string | null;
  /** Answers `WWW-Authenticate` with a header; null when there is no answer to it. */
  answer(challenge: string | undefined, access: Access, signal?: AbortSignal): Promise<string | null>;
}

/**
 * How long a password is used before its source is asked again. Amazon ECR answers 403 and not 401 once one has ended, so
 * we cannot wait to be told; its source does not give any that ends sooner than this.
 */
const PASSWORD_KEPT = 5 * 60_000;

export function authorizationFor(
  { registry, repository }: { readonly registry: string; readonly repository: string },
  options: {
    readonly credentialsFor: CredentialsFor;
    readonly transport: Transport;
    readonly clock: Clock;
  },
): Authorization {
  const tokens = new Map<Access, Token>();

  return {
    known(access) {
      const token = tokens.get(access);
      return token !== undefined && options.clock.now() < token.until ? token.authorization : null;
    },
    async answer(header, access, signal) {
      tokens.delete(access);
      const challenge = parseChallenge(header);
      if (challenge === null) return null;
      const credentials = await options.credentialsFor(registry, signal);
      if (challenge.kind === 'basic') {
        if (credentials?.kind !== 'password') return null;
        tokens.set(access, { authorization: basic(credentials), until: options.clock.now() + PASSWORD_KEPT });
      } else {
        const scope =
          challenge.scope ?? `repository:${repository}:${access === 'pull' ? 'pull' : 'pull,push'}`;
        tokens.set(access, await fetchToken({ ...challenge, scope }, credentials, options, signal));
      }
      return tokens.get(access)?.authorization ?? null;
    },
  };
}
