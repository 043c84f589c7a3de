import { EXIT_CODES } from './exit-code.ts';

/**
 * What Ctrl-C, or a CI job that is cancelled, does: the first time `goHome` is called, the second time the process ends at
 * once.
 */
export function onInterrupt(goHome: () => Promise<void>): { stop(): void } {
  let isFirst = true;
  const interrupted = () => {
    if (!isFirst) process.exit(EXIT_CODES.interrupted);
    isFirst = false;
    goHome().catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      process.stderr.write(
        `The order to go home could not be given (${text}). Leaving: the guard takes traffic home.\n`,
      );
      process.exit(EXIT_CODES.failed);
    });
  };
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  return {
    stop() {
      process.off('SIGINT', interrupted);
      process.off('SIGTERM', interrupted);
    },
  };
}
