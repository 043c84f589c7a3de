import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { readConfig, type Config } from './config/config.ts';
import type { Invocations } from './lambda/invocations.ts';
import { serveLambda } from './lambda/lambda.ts';
import { runtimeApi } from './lambda/runtime-api.ts';
import { listen } from './lifecycle/listen.ts';
import { readiness } from './lifecycle/readiness.ts';
import { refusal } from './lifecycle/refuse.ts';
import { stopOnSignals } from './lifecycle/shutdown.ts';
import { jsonLog, type Log } from './reporting/log.ts';
import { standardOutput } from './reporting/standard-output.ts';
import { createService } from './service.ts';

const BAD_CONFIGURATION = 2;

const reading = readConfig(process.env, randomInt(2 ** 32));
const api = reading.lambda === null ? null : runtimeApi(reading.lambda);
const refuse = refusal(api);
if (reading.kind === 'valid') {
  await start(reading.config);
} else {
  refuse(`\n${reading.problems.map((line) => `  ${line}`).join('\n')}`, BAD_CONFIGURATION);
}

async function start(config: Config): Promise<void> {
  const { faults, host, port } = config;
  const log = jsonLog({
    level: config.logLevel,
    release: config.version,
    redaction: config.redaction,
    write: standardOutput(),
  });
  const ready = readiness({
    startDelay: config.startDelay,
    neverReady: faults.neverReady,
    elapsed: () => performance.now(),
  });
  let invocations: Invocations | null = null;
  const settled = async () => invocations?.settled();
  const service = createService(config, ready, log);

  stopOnSignals({ server: service, readiness: ready, log, grace: config.shutdownGrace, settled });
  if (faults.crashAfter !== null) setTimeout(crash, faults.crashAfter - performance.now(), log);
  const server = await listen(service, { host, port, log, refuse });
  if (api !== null) invocations = await serveLambda({ api, server, readiness: ready, log, refuse });
}

function crash(log: Log): void {
  log('error', 'crashing, as FAULT_CRASH_AFTER_SECONDS says');
  process.exit(1);
}
