import type { SmokeResult } from '../../core/observation.ts';
import type { SmokeTest } from '../../core/plan.ts';

/** Sends every smoke test to every instance; stops at the first that does not pass. */
export async function smokeInstances(
  ports: readonly number[],
  tests: readonly SmokeTest[],
  signal: AbortSignal,
): Promise<SmokeResult> {
  if (ports.length === 0) return { kind: 'failed', detail: 'no healthy instance to test' };
  for (const port of ports) {
    for (const test of tests) {
      const detail = await flawOf(`http://127.0.0.1:${port}`, test, signal);
      if (detail !== null) return { kind: 'failed', detail: `${test.method} ${test.path}: ${detail}` };
    }
  }
  return { kind: 'passed' };
}

/** What is wrong with the answer to a smoke test; null when nothing is. */
async function flawOf(base: string, test: SmokeTest, signal: AbortSignal): Promise<string | null> {
  const { method, path, headers, status, contains, timeout } = test;
  try {
    const answer = await fetch(new URL(path, base), {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
    const body = await answer.text();
    if (answer.status !== status) return `answered ${answer.status} instead of ${status}`;
    return contains === null || body.includes(contains) ? null : `the answer does not contain "${contains}"`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}
