import path from 'node:path';
import { z } from 'zod';
import { systemClock } from '../../src/clock/system-clock.ts';
import { output, pinned, processorSeconds } from './programs.ts';

const STEADY_USERS = path.join(import.meta.dirname, 'steady-users.ts');
const CONNECTIONS = 64;

/** As much as goes through in a while, and what it costs. */
export interface Throughput {
  readonly requestsPerSecond: number;
  /** Processors that the proxy kept busy. */
  readonly processors: number;
  readonly requestsPerProcessorSecond: number;
}

/** Lets wrk ask as fast as it gets answers. `pids` are the processes whose time counts. */
export async function throughput(
  port: number,
  pids: readonly number[],
  seconds: number,
): Promise<Throughput> {
  const used = () => pids.reduce((sum, pid) => sum + processorSeconds(pid), 0);
  const elapsed = systemClock().stopwatch();
  const before = used();
  const words = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, `http://127.0.0.1:${port}/`];
  const told = await output(pinned('other', words));
  const processorTime = used() - before;
  const processors = processorTime / (elapsed() / 1_000);
  if (/Non-2xx|Socket errors/.test(told)) throw new Error(`not all went well:\n${told}`);
  const requests = Number(/(\d+) requests in/.exec(told)?.[1]);
  const requestsPerSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(told)?.[1]);
  return { requestsPerSecond, processors, requestsPerProcessorSecond: requests / processorTime };
}

const latencies = z.object({ p50: z.number(), p99: z.number(), missed: z.number() });

/** Latencies in milliseconds at a rate that leaves everybody time. `missed` are requests for which nobody was free. */
export async function latency(
  port: number,
  requestsPerSecond: number,
  seconds: number,
): Promise<z.infer<typeof latencies>> {
  const words = [process.execPath, STEADY_USERS, String(port), String(requestsPerSecond), String(seconds)];
  return latencies.parse(JSON.parse(await output(pinned('other', words))));
}
