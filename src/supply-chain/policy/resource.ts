import type { Digest } from '../oci/digest.ts';

/** What a verdict must be about. */
interface Wanted {
  readonly service: string;
  readonly environment: string;
  readonly digest: Digest;
  /** Where the image may have been; null for anywhere. */
  readonly repositories: readonly string[] | null;
}

const RESOURCE = /^oci:\/\/([^@?#]+)@(sha256:[0-9a-f]{64})\?([^#]+)$/;

/**
 * What of a verdict's `resourceUri` is not as it must be. The form is `oci://<repository>@<digest>?env=…&service=…`, each of
 * them once and nothing else.
 */
export function resourceFaults(uri: string, wanted: Wanted): readonly string[] {
  const [, repository, digest, query] = RESOURCE.exec(uri) ?? [];
  if (repository === undefined || digest === undefined || query === undefined) {
    return [`is about ${JSON.stringify(uri.slice(0, 300))}, which is not an image in an environment`];
  }
  const parameters = [...new URLSearchParams(query)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const [environment, service, ...more] = parameters;
  const isWell = more.length === 0 && environment?.[0] === 'env' && service?.[0] === 'service';
  if (!isWell)
    return [`is about ${JSON.stringify(uri.slice(0, 300))}, which names no environment and service`];
  return [
    ...((wanted.repositories?.includes(repository) ?? true) ? [] : [`is about an image of ${repository}`]),
    ...(digest === wanted.digest ? [] : [`is about another image, ${digest}`]),
    ...(environment[1] === wanted.environment
      ? []
      : [`is about the environment ${environment[1]}, not ${wanted.environment}`]),
    ...(service[1] === wanted.service ? [] : [`is about the service ${service[1]}, not ${wanted.service}`]),
  ];
}
