import type { ECRClient } from '@aws-sdk/client-ecr';
import type { Clock } from '../../../clock/clock.ts';
import type { Instant } from '../../../core/time.ts';
import { SupplyChainError } from '../../error.ts';
import type { Credentials, CredentialsFor } from './credentials.ts';

/** A client of ECR for a region. */
export type EcrClientFor = (region: string) => Promise<ECRClient>;

const HOST = /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d{1,2})\.amazonaws\.com(?:\.cn)?$/;

/** How long before its end a password is not used any more; Amazon gives it for twelve hours. */
const MARGIN = 10 * 60_000;

/** With the region of the registry, and whatever identity the environment gives to programs that use AWS. */
const fromEnvironment: EcrClientFor = async (region) => {
  const { ECRClient } = await import('@aws-sdk/client-ecr');
  return new ECRClient({ region });
};

interface Login {
  readonly credentials: Credentials;
  readonly until: Instant;
}

/** Passwords for private registries of Amazon ECR, by `ecr:GetAuthorizationToken`; kept until shortly before they end. */
export function ecrCredentials(clock: Clock, clientFor: EcrClientFor = fromEnvironment): CredentialsFor {
  const logins = new Map<string, Login>();
  return async (registry, signal) => {
    const [, , region] = HOST.exec(registry) ?? [];
    if (region === undefined) return null;
    const known = logins.get(registry);
    if (known !== undefined && clock.now() < known.until) return known.credentials;
    const login = await logIn(registry, await clientFor(region), signal);
    logins.set(registry, login);
    return login.credentials;
  };
}

async function logIn(registry: string, client: ECRClient, signal?: AbortSignal): Promise<Login> {
  const { GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
  const options = signal === undefined ? {} : { abortSignal: signal };
  try {
    const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}), options);
    const [data] = authorizationData ?? [];
    const [username, password] = Buffer.from(data?.authorizationToken ?? '', 'base64')
      .toString('utf8')
      .split(':');
    if (username === undefined || password === undefined || data?.expiresAt === undefined) {
      throw new Error('there is no password in what ECR answers');
    }
    return {
      credentials: { kind: 'password', username, password },
      until: data.expiresAt.getTime() - MARGIN,
    };
  } catch (cause) {
    signal?.throwIfAborted();
    throw new SupplyChainError(
      'UNAUTHORIZED',
      `AWS gives no login to ${registry}: check the AWS credentials, and that they may ecr:GetAuthorizationToken`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}
