import type { ImageRepository } from '../../../oci/repository.ts';
import { standingClock } from '../../server/testing/clock.ts';
import { anonymous } from '../credentials.ts';
import { LIMITS } from '../limits.ts';
import { registryRepository, type RegistryOptions } from '../registry-repository.ts';

/** A repository of the registry, with waits that take no time. */
export function repositoryIn(
  registry: string,
  options: Partial<RegistryOptions> = {},
  repository = 'team/podinfo',
): ImageRepository {
  return registryRepository(
    { registry, repository },
    { credentialsFor: anonymous, clock: standingClock(), limits: LIMITS, ...options },
  );
}
