import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Writes what was measured to bench/results/<name>.json, with what it was measured on. */
export function report(name: string, results: object): void {
  const machine = {
    cpu: os.cpus()[0]?.model.trim(),
    cores: os.availableParallelism(),
    memoryGigabytes: Math.round(os.totalmem() / 1e9),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
  };
  const file = path.join(import.meta.dirname, 'results', `${name}.json`);
  writeFileSync(
    file,
    `${JSON.stringify({ date: new Date().toISOString().slice(0, 10), machine, ...results }, null, 2)}\n`,
  );
}

/** The value that a share `q` of the values does not exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}
