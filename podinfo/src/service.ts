import { createServer, type Server } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Config } from './config/config.ts';
import { seededChance } from './faults/chance.ts';
import { nextFate } from './faults/faults.ts';
import { requestListener } from './http/listener.ts';
import { router } from './http/router.ts';
import type { Readiness } from './lifecycle/readiness.ts';
import type { Log } from './reporting/log.ts';
import { requestMetrics } from './reporting/metrics.ts';
import { identityRoutes } from './routes/identity.ts';
import { operationsRoutes } from './routes/operations.ts';
import { trialRoutes } from './routes/trials.ts';

/** Longer than the idle timeout of load balancers (60 s for an ALB), so that it is they who close connections. */
const KEEP_ALIVE_MS = 75_000;

/** Puts the service together; the server does not listen yet. */
export function createService(config: Config, readiness: Readiness, log: Log): Server {
  const { version, digest, faults, redaction } = config;
  const metrics = requestMetrics(version, { version, digest: digest ?? '', node: process.version });
  const chance = seededChance(faults.seed);
  const listener = requestListener({
    version,
    route: router([
      ...identityRoutes(config),
      ...operationsRoutes(readiness, metrics),
      ...trialRoutes(version, redaction),
    ]),
    nextFate: () => nextFate(faults, chance, performance.now()),
    readiness,
    metrics,
    log,
    redaction,
  });
  return createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, listener);
}
