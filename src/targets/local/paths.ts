import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';

/** Where the proxy of a local target keeps its things. */
export interface ProxyPaths {
  readonly state: string;
  readonly lock: string;
  readonly log: string;
  readonly logs: string;
  /** Unpacked images, each in a place of its own. */
  readonly images: string;
  /** Images as containers are made of them, each an OCI layout in a place of its own. */
  readonly layouts: string;
  /** Home directories of the processes that run from images. */
  readonly homes: string;
  readonly socket: string;
  /** Is there while the target was stopped by a person and not started again. */
  readonly stopped: string;
  /** Whether the socket is in a place where all users of the machine may write. */
  readonly isShared: boolean;
}

/** Longest path of a Unix socket that every system takes (104 bytes on macOS, with the final zero). */
const LONGEST_SOCKET_PATH = 103;

export function proxyPaths(directory: string): ProxyPaths {
  const socket = path.join(directory, 'control.sock');
  const isShared = Buffer.byteLength(socket) > LONGEST_SOCKET_PATH;
  return {
    state: path.join(directory, 'proxy.json'),
    lock: path.join(directory, 'proxy.lock'),
    log: path.join(directory, 'proxy.log'),
    logs: path.join(directory, 'logs'),
    images: path.join(directory, 'images'),
    layouts: path.join(directory, 'layouts'),
    homes: path.join(directory, 'homes'),
    stopped: path.join(directory, 'stopped'),
    socket: isShared ? shortSocket(directory) : socket,
    isShared,
  };
}

/**
 * A socket that only this user can reach, for a directory whose own path is too long. The same for every shell, whatever
 * its environment says of temporary files: all of them have to find it.
 */
function shortSocket(directory: string): string {
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  return path.join('/tmp', `canary-${os.userInfo().uid}`, `${name}.sock`);
}
