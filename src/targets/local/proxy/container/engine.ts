import { existsSync } from 'node:fs';
import { call, EngineError } from './call.ts';
import { type Berth, containerName, inspectCommand, listCommand, removeCommand } from './command-lines.ts';

/** What the engine knows of a container. */
export interface SeenContainer {
  /** Digest of its image's manifest; of one of them, if the store got the same image with several. Null if it does not say. */
  readonly manifest: string | null;
  /** What the store has its image by: the digest of its configuration, or of its manifest where `manifest` is null. */
  readonly id: string;
  readonly isRunning: boolean;
}

/** Stands for what an engine need not say. */
const UNSAID = '-';

/** Ends and removes the containers, if they are there. */
export async function removeContainers(berth: Berth, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  // Where program and monitor were killed both, podman finds out on the first try, and removes on the second.
  const command = removeCommand(berth, names);
  await call(command).catch(() => call(command));
}

/** What the engine says of the container; null if it knows of none by that name. */
export async function seeContainer(berth: Berth, name: string): Promise<SeenContainer | null> {
  try {
    const said = (await call(inspectCommand(berth, name))).trim();
    const [manifest = '', id = '', running, pid = ''] = said.split(' ');
    return {
      manifest: manifest === UNSAID ? null : manifest,
      id: id.replace(/^(?!sha256:)/, 'sha256:'),
      isRunning: running === 'true' && (pid === UNSAID || isThere(Number(pid))),
    };
  } catch (error) {
    if (error instanceof EngineError && /no such container/i.test(error.message)) return null;
    throw error;
  }
}

/** Removes the containers of the target that are not at one of these places: whoever started them was killed at once. */
export async function removeStrangers(
  berth: Berth,
  known: readonly { readonly digest: string; readonly port: number }[],
): Promise<void> {
  const names = new Set(known.map(({ digest, port }) => containerName(berth, digest, port)));
  const found = (await call(listCommand(berth))).split('\n').filter((name) => name !== '');
  await removeContainers(
    berth,
    found.filter((name) => !names.has(name)),
  );
}

/** Whether there is a process of that number: without its monitor, the engine does not notice that a container ended. */
function isThere(pid: number): boolean {
  return Number.isInteger(pid) && pid > 0 && existsSync(`/proc/${pid}`);
}
