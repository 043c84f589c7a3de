import { setTimeout as wait } from 'node:timers/promises';
import type { LocalServer } from '../lifecycle/listen.ts';
import type { Readiness } from '../lifecycle/readiness.ts';
import type { Refuse } from '../lifecycle/refuse.ts';
import type { Log } from '../reporting/log.ts';
import { serveInvocations, type Invocations } from './invocations.ts';
import type { RuntimeApi } from './runtime-api.ts';

/** The function of Lambda that this process is. */
export interface LambdaSettings {
  readonly api: RuntimeApi;
  readonly server: LocalServer;
  readonly readiness: Readiness;
  readonly log: Log;
  readonly refuse: Refuse;
}

const LOOK_EVERY_MS = 10;
const NEVER_READY = 'it never gets ready, as FAULT_NOT_READY says.';

/** Serves invocations from when the service is ready: until then, Lambda counts it as being initialised. */
export async function serveLambda(settings: LambdaSettings): Promise<Invocations | null> {
  const { api, server, readiness, log, refuse } = settings;
  while (readiness.state() === 'starting') await wait(LOOK_EVERY_MS);
  if (readiness.state() === 'never-ready') {
    refuse(NEVER_READY, 1);
    return null;
  }
  const isStopping = () => readiness.state() === 'stopping';
  const invocations = serveInvocations({ api, server, log, isStopping });
  invocations.ended.catch((error: unknown) => {
    log('error', 'the Runtime API of Lambda is lost', { error: String(error) });
    process.exit(1);
  });
  return invocations;
}
