/** Who we are to a registry. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A long-lived token that is exchanged for short ones (OAuth 2 refresh token). */
  | { readonly kind: 'identity-token'; readonly token: string };

/** A name and a password as a header says them (RFC 7617). */
export function basic({ username, password }: Extract<Credentials, { kind: 'password' }>): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/**
 * Where credentials come from. Given the registry as people write it, `registry.example.com:5000`; null when there are
 * none for exactly this one. Rejects with `UNAUTHORIZED` when they are there and cannot be read.
 */
export type CredentialsFor = (registry: string, signal?: AbortSignal) => Promise<Credentials | null>;

/** For registries that anyone may read. */
export const anonymous: CredentialsFor = async () => null;

/** Asks one source after the other, until one has credentials. */
export function firstOf(sources: readonly CredentialsFor[]): CredentialsFor {
  return async (registry, signal) => {
    for (const source of sources) {
      const credentials = await source(registry, signal);
      if (credentials !== null) return credentials;
    }
    return null;
  };
}
