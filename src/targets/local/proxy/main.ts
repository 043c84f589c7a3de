import { takeExclusiveLock } from '../../../locks/exclusive-lock.ts';
import { proxyPaths } from '../paths.ts';
import { localSettings } from '../settings.ts';
import { runProxy } from './proxy.ts';

/**
 * The proxy as a process of its own: `node main.js <settings as JSON>`. Tells its parent over the IPC channel, if there is
 * one, how the start went, and outlives it.
 */
const settings = localSettings.parse(JSON.parse(process.argv[2] ?? ''));

const lock = takeExclusiveLock(proxyPaths(settings.directory).lock);
if (lock === null) {
  tellParent({ kind: 'already-running' });
  process.exit(0);
}

process.on('SIGHUP', () => {});
process.on('SIGINT', () => {});
try {
  const proxy = await runProxy(settings, () => process.exit(0));
  process.once('SIGTERM', () => void proxy.stop());
  tellParent({ kind: 'running', address: proxy.address });
} catch (error) {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  tellParent({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  console.error(error);
  process.exit(1);
}

/** Whether it still hears that does not matter. */
function tellParent(message: unknown): void {
  process.send?.(message, undefined, undefined, () => {});
}
