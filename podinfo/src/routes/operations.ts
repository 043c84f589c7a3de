import type { Answer } from '../http/answer.ts';
import { json } from '../http/answer.ts';
import type { Route } from '../http/router.ts';
import type { Readiness } from '../lifecycle/readiness.ts';
import type { Metrics } from '../reporting/metrics.ts';

/** What load balancers and monitoring ask. Injected faults do not touch these. */
export function operationsRoutes(readiness: Readiness, metrics: Metrics): readonly Route[] {
  return [
    { path: '/healthz', method: 'GET', audience: 'operators', answer: () => json(200, { status: 'alive' }) },
    { path: '/readyz', method: 'GET', audience: 'operators', answer: () => readyz(readiness) },
    { path: '/metrics', method: 'GET', audience: 'operators', answer: () => scrape(metrics) },
  ];
}

function readyz(readiness: Readiness): Answer {
  const status = readiness.state();
  return json(status === 'ready' ? 200 : 503, { status });
}

function scrape(metrics: Metrics): Answer {
  return {
    status: 200,
    headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', 'Cache-Control': 'no-store' },
    body: metrics.render(),
  };
}
