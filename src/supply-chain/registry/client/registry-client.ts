import type { Clock } from '../../../clock/clock.ts';
import type { Milliseconds } from '../../../core/time.ts';
import type { Content } from '../../oci/repository.ts';
import { authorizationFor, type Access } from './authorization.ts';
import type { CredentialsFor } from './credentials.ts';
import { registryOrigin, type Resolve } from './destination.ts';
import { keptConnections, type Incoming, type Outgoing } from './exchange.ts';
import type { Limits } from './limits.ts';
import { patiently } from './patience.ts';
import { refusalOf } from './refusal.ts';
import { travel, type Transport } from './travel.ts';

/** One request to a repository. */
export interface Request {
  readonly method: Outgoing['method'];
  /** Below the repository, `/manifests/latest`; or a whole address that the registry gave us. */
  readonly to: string | URL;
  /** What it does, for messages: completes "refuses to …". */
  readonly what: string;
  readonly access: Access;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Pick<Content, 'size' | 'open'>;
  /** Time for the whole exchange, if it is not a small one. */
  readonly within?: Milliseconds;
}

/** Requests to one repository, authorized. */
export interface RegistryClient {
  /** Registry and repository. */
  readonly name: string;
  readonly limits: Limits;
  /** Where this is below the repository. */
  urlOf(path: string): URL;
  /**
   * Sends it once. Statuses that may be better later throw `REGISTRY_UNAVAILABLE`, and 401 throws `UNAUTHORIZED`; all
   * others are the caller's to read.
   */
  once(request: Request, signal?: AbortSignal): Promise<Incoming>;
  /** The same, again and again while the registry is unavailable: for what may be done twice. */
  ask(request: Request, signal?: AbortSignal): Promise<Incoming>;
  /** Does several requests as one thing that may be done twice. */
  patiently<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export interface RegistryClientOptions {
  readonly credentialsFor: CredentialsFor;
  readonly clock: Clock;
  readonly resolve: Resolve;
  readonly limits: Limits;
  readonly privateHosts: readonly string[];
  readonly certificateAuthorities: string | undefined;
}

export function registryClient(
  { registry, repository }: { readonly registry: string; readonly repository: string },
  options: RegistryClientOptions,
): RegistryClient {
  const { clock, limits, resolve, privateHosts } = options;
  const origin = registryOrigin(registry);
  const transport: Transport = {
    reach: { origin, privateHosts, resolve },
    connections: keptConnections(options.certificateAuthorities),
    limits,
  };
  const authorization = authorizationFor({ registry, repository }, { ...options, transport });
  const urlOf = (path: string) => new URL(`${origin}/v2/${repository}${path}`);

  async function once(request: Request, signal?: AbortSignal): Promise<Incoming> {
    const url = typeof request.to === 'string' ? urlOf(request.to) : request.to;
    const isOurs = url.origin === origin;
    const send = (header: string | null) => travel(url, outgoing(request, header, limits), transport, signal);
    let answer = await send(isOurs ? authorization.known(request.access) : null);
    if (answer.status === 401 && answer.url.origin === origin) {
      const header = await authorization.answer(answer.headers['www-authenticate'], request.access, signal);
      if (header !== null) {
        answer.discard();
        answer = await send(header);
      }
    }
    const isFailed = answer.status === 401 || isBusy(answer.status);
    if (isFailed) throw await refusalOf(answer, request.what);
    return answer;
  }

  return {
    name: `${registry}/${repository}`,
    limits,
    urlOf,
    once,
    ask: (request, signal) => patiently(() => once(request, signal), { clock, limits }, signal),
    patiently: (attempt, signal) => patiently(attempt, { clock, limits }, signal),
  };
}

function outgoing(
  { method, headers, body, within }: Request,
  authorization: string | null,
  limits: Limits,
): Outgoing {
  const authorized = authorization === null ? {} : { authorization };
  return { method, headers: { ...headers, ...authorized }, body, within: within ?? limits.exchange };
}

function isBusy(status: number): boolean {
  return status >= 500 ? status !== 501 : [408, 425, 429].includes(status);
}
