import { hostname } from 'node:os';
import type { Config } from '../config/config.ts';
import type { Faults } from '../faults/faults.ts';
import { json, type Answer } from '../http/answer.ts';
import type { Call } from '../http/call.ts';
import type { Route } from '../http/router.ts';
import { renderPage } from '../page/page.ts';

/** Which release answers, for programs and for people. */
export function identityRoutes(config: Config): readonly Route[] {
  const { version, digest, color, faults } = config;
  const identity = { version, digest, color };
  const page = renderPage({ version, color, digest: digest ?? 'digest not told', hostname: hostname() });

  function info(): Answer {
    return json(200, {
      ...identity,
      hostname: hostname(),
      pid: process.pid,
      uptimeSeconds: Math.round(process.uptime() * 1_000) / 1_000,
      node: process.version,
      faults: sayFaults(faults),
    });
  }

  function home({ headers }: Call): Answer {
    const vary = { Vary: 'Accept' };
    if (!wantsPage(headers.accept ?? '')) return json(200, { service: 'podinfo', ...identity }, vary);
    return { ...page, headers: { ...page.headers, ...vary } };
  }

  return [
    { path: '/', method: 'GET', audience: 'users', answer: home },
    { path: '/version', method: 'GET', audience: 'users', answer: () => json(200, identity) },
    { path: '/info', method: 'GET', audience: 'users', answer: info },
  ];
}

/** In the units of the environment variables. */
function sayFaults({
  errorRate,
  latency,
  latencyRate,
  after,
  crashAfter,
  neverReady,
  seed,
}: Faults): unknown {
  return {
    errorRate,
    latencyMs: latency,
    latencyRate,
    afterSeconds: after / 1_000,
    crashAfterSeconds: crashAfter === null ? null : crashAfter / 1_000,
    notReady: neverReady,
    seed,
  };
}

/** Browsers name text/html; whoever asks for JSON, or takes anything as curl does, is a program. */
function wantsPage(accept: string): boolean {
  return accept.includes('text/html') && !accept.includes('application/json');
}
