import type { RuntimeApi } from '../lambda/runtime-api.ts';

/** Ends the process with that exit code before it has served anything. `why` completes "podinfo does not start:". */
export type Refuse = (why: string, code: number) => void;

/** Says why on standard error and, where the process runs in Lambda, to its Runtime API. */
export function refusal(api: RuntimeApi | null): Refuse {
  return (why, code) => {
    const message = `podinfo does not start:${why.startsWith('\n') ? '' : ' '}${why}`;
    process.stderr.write(`${message}\n`);
    if (api === null) process.exit(code);
    // When the Runtime API cannot be told either, Lambda still sees the process end.
    const told = api.failInit({ errorType: 'Podinfo.DoesNotStart', errorMessage: message });
    void told.catch(() => {}).finally(() => process.exit(code));
  };
}
