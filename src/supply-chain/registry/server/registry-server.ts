import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import type { Clock } from '../../../clock/clock.ts';
import { takeExclusiveLock } from '../../../locks/exclusive-lock.ts';
import { SupplyChainError } from '../../error.ts';
import { registryHandler } from './registry-handler.ts';
import { shelfIn } from './shelf.ts';
import { uploadsIn } from './uploads.ts';

/** A registry that listens. */
export interface RunningRegistry extends AsyncDisposable {
  /** As images are named in it: `127.0.0.1:5000`. */
  readonly address: string;
}

export interface RegistryServerOptions {
  /** Where its repositories are; made when something is pushed. */
  readonly directory: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly clock: Clock;
  /** Entries on one page of tags and of referrers. */
  readonly pageSize?: number;
  /** Bytes of the largest blob that is taken. */
  readonly largestBlob?: number;
}

const GIB = 1024 ** 3;
const MOST_UPLOADS = 64;
const LARGEST_HEAD = 32 * 1024;

/** Milliseconds that one request may take to come in: a large layer that is compressed while it is sent takes minutes. */
const LONGEST_REQUEST = 1_800_000;

/**
 * The built-in registry over HTTP (OCI distribution 1.1, with referrers), for programs on this machine: it asks nobody
 * who they are, so it listens on 127.0.0.1 and refuses web pages. Rejects with `REGISTRY_UNAVAILABLE` when the port is
 * taken, or another one serves the directory.
 */
export async function startRegistry(options: RegistryServerOptions): Promise<RunningRegistry> {
  const { directory, port, clock, pageSize = 100, largestBlob = 10 * GIB } = options;
  // Names of repositories do not begin with a dot.
  const own = path.join(directory, '.server');
  const lock = takeExclusiveLock(path.join(own, 'lock'));
  if (lock === null) {
    throw new SupplyChainError('REGISTRY_UNAVAILABLE', `another process serves ${directory} already`);
  }
  const uploads = uploadsIn(path.join(own, 'uploads'), { largestBlob, mostUploads: MOST_UPLOADS }, clock);
  const handler = registryHandler({ shelf: shelfIn(directory), uploads, pageSize });
  const server = createServer(
    { maxHeaderSize: LARGEST_HEAD, requestTimeout: LONGEST_REQUEST },
    (request, response) => {
      void handler(request, response);
    },
  );
  const end = () => {
    uploads.close();
    lock.release();
  };
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (cause) {
    end();
    throw new SupplyChainError(
      'REGISTRY_UNAVAILABLE',
      `port ${port} of this machine cannot be listened on: choose another one with --port`,
      { cause },
    );
  }
  const address = server.address();
  return {
    address: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      end();
    },
  };
}
