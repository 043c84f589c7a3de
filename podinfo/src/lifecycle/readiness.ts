/** Whether the process wants traffic, and if not, why. */
type ReadinessState = 'ready' | 'starting' | 'never-ready' | 'stopping';

/** What `/readyz` asks. */
export interface Readiness {
  state(): ReadinessState;
  /** From now on the process wants no more traffic. */
  stop(): void;
}

/** `elapsed` tells the milliseconds since the start, as `startDelay` counts them. */
export function readiness(settings: {
  readonly startDelay: number;
  readonly neverReady: boolean;
  readonly elapsed: () => number;
}): Readiness {
  let isStopping = false;
  return {
    state() {
      if (isStopping) return 'stopping';
      if (settings.neverReady) return 'never-ready';
      return settings.elapsed() < settings.startDelay ? 'starting' : 'ready';
    },
    stop() {
      isStopping = true;
    },
  };
}
