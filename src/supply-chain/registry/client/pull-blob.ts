import { SupplyChainError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { verified } from '../../oci/verified.ts';
import { timeFor } from './limits.ts';
import { refusalOf } from './refusal.ts';
import type { RegistryClient } from './registry-client.ts';

/** The bytes of a blob, checked on their way. */
export async function* pullBlob(
  client: RegistryClient,
  descriptor: Descriptor,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { digest, size } = descriptor;
  const what = `give ${digest} of ${client.name}`;
  const answer = await client.ask(
    { method: 'GET', to: `/blobs/${digest}`, what, access: 'pull', within: timeFor(size, client.limits) },
    signal,
  );
  if (answer.status !== 200) throw await refusalOf(answer, what);
  const said = Number(answer.headers['content-length'] ?? size);
  if (said !== size) {
    answer.discard();
    throw new SupplyChainError(
      'DIGEST_MISMATCH',
      `${digest} should have ${size} bytes, and ${said} are served`,
    );
  }
  yield* verified(answer.body, descriptor);
}
