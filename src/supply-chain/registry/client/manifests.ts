import { SupplyChainError } from '../../error.ts';
import { digestOf, isDigest, type Digest } from '../../oci/digest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { readAll } from '../../oci/read-all.ts';
import { LARGEST_MANIFEST, type RawManifest } from '../../oci/repository.ts';
import { refusalOf } from './refusal.ts';
import type { RegistryClient, Request } from './registry-client.ts';

const ACCEPT = [
  MEDIA_TYPES.manifest,
  MEDIA_TYPES.index,
  MEDIA_TYPES.dockerManifest,
  MEDIA_TYPES.dockerIndex,
].join(', ');

/** The manifest that a tag or a digest stands for, with the digest of its bytes. */
export async function readManifest(
  client: RegistryClient,
  reference: string,
  signal?: AbortSignal,
): Promise<RawManifest> {
  const answer = await client.ask(reading('GET', client, reference), signal);
  if (answer.status !== 200) throw await refusalOf(answer, `give ${reference} of ${client.name}`);
  const bytes = await readAll(answer.body, LARGEST_MANIFEST, `the manifest ${reference} of ${client.name}`);
  const found = digestOf(bytes);
  if (isDigest(reference) && found !== reference) {
    throw new SupplyChainError(
      'DIGEST_MISMATCH',
      `what ${client.name} serves for ${reference} is ${found}: do not use it, and find out who changed it`,
    );
  }
  const mediaType = answer.headers['content-type']?.split(';')[0]?.trim() ?? '';
  return { digest: found, mediaType, bytes };
}

/** What a tag points to, by what the registry says of it; what the digest stands for is checked when it is read. */
export async function readTag(client: RegistryClient, tag: string, signal?: AbortSignal): Promise<Digest> {
  const answer = await client.ask(reading('HEAD', client, tag), signal);
  answer.discard();
  if (answer.status === 404) throw await refusalOf(answer, `resolve ${client.name}:${tag}`);
  const said = answer.headers['docker-content-digest'];
  if (answer.status === 200 && isDigest(said)) return said;
  return (await readManifest(client, tag, signal)).digest;
}

/** What was answered to a manifest that was pushed. */
export interface Pushed {
  readonly digest: Digest;
  /** Whether the registry says that it lists what refers to the subject. */
  readonly knowsSubject: boolean;
}

export async function writeManifest(
  client: RegistryClient,
  bytes: Uint8Array,
  { mediaType, tag }: { readonly mediaType: string; readonly tag: string | null },
  signal?: AbortSignal,
): Promise<Pushed> {
  const digest = digestOf(bytes);
  const what = `take ${tag ?? digest} of ${client.name}`;
  const answer = await client.ask(
    {
      method: 'PUT',
      to: `/manifests/${tag ?? digest}`,
      what,
      access: 'push',
      headers: { 'content-type': mediaType },
      body: {
        size: bytes.length,
        async *open() {
          yield bytes;
        },
      },
    },
    signal,
  );
  if (answer.status !== 201 && answer.status !== 200) throw await refusalOf(answer, what);
  answer.discard();
  const said = answer.headers['docker-content-digest'];
  if (said !== undefined && said !== digest) {
    throw new SupplyChainError('DIGEST_MISMATCH', `${client.name} stored ${digest} as something else`);
  }
  return { digest, knowsSubject: answer.headers['oci-subject'] !== undefined };
}

function reading(method: 'GET' | 'HEAD', { name }: RegistryClient, reference: string): Request {
  return {
    method,
    to: `/manifests/${reference}`,
    what: `give ${reference} of ${name}`,
    access: 'pull',
    headers: { accept: ACCEPT },
  };
}
