import path from 'node:path';
import type { Clock } from '../clock/clock.ts';
import { systemClock } from '../clock/system-clock.ts';
import { builtFloor } from '../gates/built-floor.ts';
import type { Bench, Candidate, Judgement } from '../gates/judge-candidate.ts';
import type { Registries } from '../config/registries-schema.ts';
import type { Store } from '../stores/store.ts';
import type { ImageRepository } from '../supply-chain/oci/repository.ts';
import type { CredentialsFor } from '../supply-chain/registry/client/credentials.ts';

/** Where images are found, and how registries are asked for them. */
export interface ImageAccess {
  readonly stateDirectory: string;
  readonly credentialsFor: CredentialsFor;
  readonly registries: Registries;
}

/**
 * The repository that is named: a directory of the state for the built-in registry, or else one in a registry that is
 * asked over the network. Rejects with `BAD_REFERENCE`.
 */
export async function openImageRepository(
  name: string,
  { stateDirectory, credentialsFor, registries }: ImageAccess,
): Promise<ImageRepository> {
  const { BUILT_IN, parseReference, repositoryName } = await import('../supply-chain/oci/reference.ts');
  const reference = parseReference(name);
  if (reference.registry !== BUILT_IN) {
    const [{ registryRepository }, { registryOrigin }] = await Promise.all([
      import('../supply-chain/registry/client/registry-repository.ts'),
      import('../supply-chain/registry/client/destination.ts'),
    ]);
    const origin = registryOrigin(reference.registry);
    const settings = Object.entries(registries).filter(([named]) => registryOrigin(named) === origin);
    const privateHosts = settings.flatMap(([, each]) => each.privateHosts ?? []);
    return registryRepository(reference, { credentialsFor, privateHosts, clock: systemClock() });
  }
  const [{ layoutRepository }, { repositoryDirectory }] = await Promise.all([
    import('../supply-chain/layout/layout-repository.ts'),
    import('../supply-chain/registry/server/repository-directory.ts'),
  ]);
  const directory = repositoryDirectory(path.join(stateDirectory, BUILT_IN), reference.repository);
  return layoutRepository(repositoryName(reference), directory);
}

/** For registries that are slow, when a person waits. */
const PATIENCE_MS = 30_000;

/** What images are opened and judged with. */
export interface ImageHost extends ImageAccess {
  readonly store: Store;
  readonly clock: Clock;
}

/** What the gate of an environment would say about an image, were it to be delivered there now. */
export async function verifyImage(
  host: ImageHost,
  image: Omit<Candidate, 'purpose' | 'pinned'>,
): Promise<Judgement> {
  const { judgeCandidate } = await import('../gates/judge-candidate.ts');
  const candidate = { ...image, purpose: 'deliver' as const, pinned: [] };
  return judgeCandidate(candidate, await benchOf(host), AbortSignal.timeout(PATIENCE_MS));
}

/** What images are judged with. Loaded when one turns up: cryptography takes longer to load than all the rest. */
export async function benchOf({ store, clock, ...access }: ImageHost): Promise<Bench> {
  const { readEvidence } = await import('../supply-chain/verification/read-evidence.ts');
  return {
    openRepository: (name) => openImageRepository(name, access),
    readEvidence,
    clock,
    blocks: (service, environment) => store.blocks(service, environment),
    floor: builtFloor((filter) => store.list(filter)),
  };
}
