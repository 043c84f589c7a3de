import { SupplyChainError } from '../../error.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Content } from '../../oci/repository.ts';
import { verified } from '../../oci/verified.ts';
import { chunksOf } from './chunks.ts';
import type { Incoming } from './exchange.ts';
import { timeFor } from './limits.ts';
import { refusalOf } from './refusal.ts';
import type { RegistryClient } from './registry-client.ts';

const MIB = 1024 * 1024;
const CHUNK = 8 * MIB;
const LARGEST_CHUNK = 128 * MIB;

/**
 * Stores a blob, unless it is there: in one piece, or in chunks where the registry takes no large pieces. As it goes by
 * its digest, all of it may be done again.
 */
export async function pushBlob(
  client: RegistryClient,
  content: Content,
  signal?: AbortSignal,
): Promise<void> {
  await client.patiently(async () => {
    if (await isThere(client, content.digest, signal)) return;
    const upload = await begin(client, content.digest, signal);
    const whole = await putWhole(client, upload.url, content, signal);
    if (isStored(whole)) return whole.discard();
    if (whole.status !== 413) throw await refusalOf(whole, `take ${content.digest}`);
    whole.discard();
    await putInChunks(client, content, signal);
  }, signal);
}

async function isThere(client: RegistryClient, digest: Digest, signal?: AbortSignal): Promise<boolean> {
  const answer = await client.once(
    { method: 'HEAD', to: `/blobs/${digest}`, what: `look for ${digest}`, access: 'push' },
    signal,
  );
  answer.discard();
  return answer.status === 200;
}

interface Upload {
  readonly url: URL;
  /** Bytes that each chunk but the last must have at least, if the registry says so. */
  readonly smallestChunk: number;
}

async function begin(client: RegistryClient, digest: Digest, signal?: AbortSignal): Promise<Upload> {
  const what = `begin the upload of ${digest} to ${client.name}`;
  const answer = await client.once(
    {
      method: 'POST',
      to: '/blobs/uploads/',
      what,
      access: 'push',
      body: { size: 0, async *open() {} },
    },
    signal,
  );
  if (answer.status !== 202) throw await refusalOf(answer, what);
  answer.discard();
  return {
    url: locationOf(client, answer, client.urlOf('/blobs/uploads/')),
    smallestChunk: Number(answer.headers['oci-chunk-min-length'] ?? 0),
  };
}

function putWhole(
  client: RegistryClient,
  url: URL,
  content: Content,
  signal?: AbortSignal,
): Promise<Incoming> {
  return client.once(
    {
      method: 'PUT',
      to: finishing(url, content.digest),
      what: `take ${content.digest}`,
      access: 'push',
      headers: { 'content-type': 'application/octet-stream' },
      body: { size: content.size, open: () => verified(content.open(), content) },
      within: timeFor(content.size, client.limits),
    },
    signal,
  );
}

/** `PATCH` for each chunk, then an empty `PUT` (OCI distribution 1.1, "pushing a blob in chunks"). */
async function putInChunks(client: RegistryClient, content: Content, signal?: AbortSignal): Promise<void> {
  const { url: start, smallestChunk } = await begin(client, content.digest, signal);
  const size = Math.max(CHUNK, smallestChunk);
  if (!(size <= LARGEST_CHUNK)) {
    throw new SupplyChainError(
      'REGISTRY_UNAVAILABLE',
      `${client.name} wants chunks of ${size} bytes or more`,
    );
  }
  const what = `take a chunk of ${content.digest}`;
  let [url, sent] = [start, 0];
  for await (const chunk of chunksOf(verified(content.open(), content), size)) {
    const answer = await client.once(
      {
        method: 'PATCH',
        to: url,
        what,
        access: 'push',
        headers: {
          'content-type': 'application/octet-stream',
          'content-range': `${sent}-${sent + chunk.length - 1}`,
        },
        body: {
          size: chunk.length,
          async *open() {
            yield chunk;
          },
        },
        within: timeFor(chunk.length, client.limits),
      },
      signal,
    );
    if (answer.status !== 202) throw await refusalOf(answer, what);
    answer.discard();
    url = locationOf(client, answer, url);
    sent += chunk.length;
  }
  const empty = { size: 0, async *open() {} };
  const last = await client.once(
    {
      method: 'PUT',
      to: finishing(url, content.digest),
      what: `take ${content.digest}`,
      access: 'push',
      body: empty,
    },
    signal,
  );
  if (!isStored(last)) throw await refusalOf(last, `take ${content.digest}`);
  last.discard();
}

function locationOf({ name }: RegistryClient, { headers: { location } }: Incoming, base: URL): URL {
  if (location !== undefined && URL.canParse(location, base.href)) return new URL(location, base);
  throw new SupplyChainError('REGISTRY_UNAVAILABLE', `${name} does not say where an upload goes on`);
}

function finishing(url: URL, digest: Digest): URL {
  const whole = new URL(url);
  whole.searchParams.set('digest', digest);
  return whole;
}

function isStored({ status }: Incoming): boolean {
  return status === 201 || status === 204;
}
