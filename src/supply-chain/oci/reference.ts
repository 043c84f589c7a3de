import { SupplyChainError } from '../error.ts';
import { isDigest, type Digest } from './digest.ts';

/** Names an image: where it is, and which one it is, by tag or by digest or not at all. */
export interface Reference {
  /** Host and port of the registry, or `registry` for the one in the state directory. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: Digest | null;
}

/** The registry that needs no server: a directory of OCI layouts beside the state. */
export const BUILT_IN = 'registry';

/** From the grammar of the OCI distribution specification. */
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;

/**
 * Reads `registry/repository[:tag][@digest]`. The registry must be named: a bare name is not taken for one of a public
 * registry. Throws `BAD_REFERENCE`.
 */
export function parseReference(text: string): Reference {
  const [name = '', digest, ...more] = text.split('@');
  const slash = name.indexOf('/');
  const [registry, rest] = [name.slice(0, slash), name.slice(slash + 1)];
  const colon = rest.lastIndexOf(':');
  const [repository, tag] = colon < 0 ? [rest, null] : [rest.slice(0, colon), rest.slice(colon + 1)];
  const isWell =
    more.length === 0 &&
    slash > 0 &&
    isRegistry(registry) &&
    isRepositoryName(repository) &&
    (tag === null || isTag(tag)) &&
    (digest === undefined || isDigest(digest));
  if (!isWell) {
    throw new SupplyChainError(
      'BAD_REFERENCE',
      `"${text.slice(0, 300)}" does not name an image: write registry/repository@sha256:… or registry/repository:tag, such as ${BUILT_IN}/podinfo:1.0.0 for the built-in registry`,
    );
  }
  return { registry, repository, tag, digest: digest ?? null };
}

/** Whether it can be the name of a repository, without its registry. */
export function isRepositoryName(text: string): boolean {
  return text.length <= 255 && PATH.test(text);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** A host that Docker and others tell from a repository: with a dot or a port, `localhost`, or the built-in one. */
function isRegistry(text: string): boolean {
  return HOST.test(text) && (text === BUILT_IN || text === 'localhost' || /[.:]/.test(text));
}

/** The same without tag and digest. */
export function repositoryName({ registry, repository }: Pick<Reference, 'registry' | 'repository'>): string {
  return `${registry}/${repository}`;
}
