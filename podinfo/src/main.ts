import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { readConfig, type Config } from './config/config.ts';
import { listen } from './lifecycle/listen.ts';
import { readiness } from './lifecycle/readiness.ts';
import { stopOnSignals } from './lifecycle/shutdown.ts';
import { jsonLog, type Log } from './reporting/log.ts';
import { standardOutput } from './reporting/standard-output.ts';
import { createService } from './service.ts';

const BAD_CONFIGURATION = 2;

const reading = readConfig(process.env, randomInt(2 ** 32));
if (reading.kind === 'valid') {
  start(reading.config);
} else {
  process.stderr.write(`podinfo does not start:\n${reading.problems.map((line) => `  ${line}\n`).join('')}`);
  process.exitCode = BAD_CONFIGURATION;
}

function start(config: Config): void {
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
  const server = createService(config, ready, log);

  listen(server, { host, port, log });
  stopOnSignals({ server, readiness: ready, log, grace: config.shutdownGrace });
  if (faults.crashAfter !== null) setTimeout(crash, faults.crashAfter - performance.now(), log);
}

function crash(log: Log): void {
  log('error', 'crashing, as FAULT_CRASH_AFTER_SECONDS says');
  process.exit(1);
}
