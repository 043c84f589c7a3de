import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import path from 'node:path';
import type { Instant } from '../../../../core/time.ts';
import type { ProxyPaths } from '../../paths.ts';

/** The place where the controller finds the proxy. */
export interface ControlSocket {
  /** Puts the socket back when somebody has removed it, as what clears up temporary files does. Called often. */
  tend(now: Instant): void;
  close(): void;
}

const LOOK_EVERY = 500;

/**
 * Has the server listen on the socket. The lock on the target's directory is ours, so a socket that is there already
 * belongs to a proxy that was killed.
 */
export async function openControlSocket(server: Server, paths: ProxyPaths): Promise<ControlSocket> {
  // A connection that cannot be accepted, for want of descriptors perhaps, must not end the proxy.
  server.on('error', () => {});
  await listen(server, paths);
  let isListening = true;
  let lookAt: Instant = 0;

  async function listenAgain(): Promise<void> {
    isListening = false;
    // Closing removes what has the socket's name, so it comes first. Whoever is connected stays so.
    server.close();
    try {
      await listen(server, paths);
    } catch {
      // It is tried again.
    } finally {
      isListening = true;
    }
  }

  return {
    tend(now) {
      if (now < lookAt || !isListening) return;
      lookAt = now + LOOK_EVERY;
      if (!existsSync(paths.socket)) void listenAgain();
    },
    close() {
      isListening = false;
      server.close();
      server.closeAllConnections();
      rmSync(paths.socket, { force: true });
    },
  };
}

async function listen(server: Server, paths: ProxyPaths): Promise<void> {
  const folder = path.dirname(paths.socket);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (paths.isShared) mustBePrivate(folder);
  rmSync(paths.socket, { force: true });
  server.listen(paths.socket);
  await once(server, 'listening');
  chmodSync(paths.socket, 0o600);
}

/** Where everybody may make folders, one of this name may be somebody else's. */
function mustBePrivate(folder: string): void {
  const { uid, mode } = lstatSync(folder);
  if (uid === process.getuid?.() && (mode & 0o022) === 0) return;
  throw new Error(`${folder} is not this user's alone; remove it, or set a shorter \`state\` directory`);
}
