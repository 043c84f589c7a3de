import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Clock } from '../../clock/clock.ts';
import type { CommandInput, CommandRun } from '../command.ts';

/** A release of the sample service as the demo builds it. */
export interface Costume {
  readonly name: string;
  /** How it misbehaves: variables that are put into the image. */
  readonly faults: Readonly<Record<string, string>>;
  readonly isSigned: boolean;
  readonly isVulnerable: boolean;
}

/** Where the sample service is: in the repository as it was written, in the package as it was built. */
const SOURCES = ['../../../podinfo', '../../podinfo'].map((place) =>
  fileURLToPath(new URL(place, import.meta.url)),
);
const IS_BUILT = !import.meta.url.endsWith('.ts');

/** An invented package, and what is known to be wrong with it. */
const DEPENDENCY = { name: 'paint-by-numbers', version: '1.0.0', main: 'index.js' };
const ADVISORY = {
  schema_version: '1.6.0',
  id: 'DEMO-2026-0001',
  summary: 'numbers from users are painted without looking',
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
  affected: [
    {
      package: { ecosystem: 'npm', name: DEPENDENCY.name },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
    },
  ],
};

/** Lays out the sources of the sample service, and an advisory to scan by. */
export function layOut(directory: string, clock: Clock): void {
  for (const isVulnerable of [false, true]) {
    const place = sourceOf(directory, isVulnerable);
    const from = path.join(SOURCES[IS_BUILT ? 1 : 0] ?? '', 'src');
    cpSync(from, path.join(place, 'src'), { recursive: true });
    const start = `node src/main.${IS_BUILT ? 'js' : 'ts'}`;
    const dependencies = isVulnerable ? { [DEPENDENCY.name]: DEPENDENCY.version } : {};
    const own = { name: 'podinfo', version: '1.0.0', type: 'module', scripts: { start }, dependencies };
    writeDocument(path.join(place, 'package.json'), own);
    if (!isVulnerable) continue;
    const installed = path.join(place, 'node_modules', DEPENDENCY.name);
    writeDocument(path.join(installed, 'package.json'), DEPENDENCY);
    writeFileSync(path.join(installed, 'index.js'), '');
    const packages = {
      '': { dependencies },
      [`node_modules/${DEPENDENCY.name}`]: { version: DEPENDENCY.version },
    };
    writeDocument(path.join(place, 'package-lock.json'), { lockfileVersion: 3, packages });
  }
  const modified = new Date(clock.now()).toISOString();
  writeDocument(path.join(directory, '.canary/advisories/DEMO-2026-0001.json'), { ...ADVISORY, modified });
}

function sourceOf(directory: string, isVulnerable: boolean): string {
  return path.join(directory, isVulnerable ? 'podinfo-vulnerable' : 'podinfo');
}

function writeDocument(file: string, document: unknown): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(document));
}

const built = z.object({ image: z.string() });

/** Builds the image, and lists, scans and signs it, by the very commands that people type. Returns its name with the digest. */
export async function dress(
  directory: string,
  { name, faults, isSigned, isVulnerable }: Costume,
): Promise<string> {
  const source = sourceOf(directory, isVulnerable);
  const setEnv = Object.entries(faults).map(([key, value]) => `${key}=${value}`);
  const { run: build } = await import('../commands/build.ts');
  const options = { push: `registry/podinfo:${name}`, release: name, setEnv };
  const { image } = built.parse(await answerOf(build, directory, [source], options));
  const commands = [
    import('../commands/sbom.ts'),
    import('../commands/scan.ts'),
    ...(isSigned ? [import('../commands/sign.ts')] : []),
  ];
  for (const { run } of await Promise.all(commands)) await answerOf(run, directory, [image], {});
  return image;
}

/** Runs a command as if it were typed in the directory; returns the document that it answers with. */
async function answerOf(
  run: CommandRun,
  directory: string,
  args: readonly string[],
  options: CommandInput['options'],
): Promise<unknown> {
  let answer: unknown = null;
  const output = {
    isJson: true,
    isLive: false,
    line() {},
    json: (document: unknown) => void (answer = document),
    problem(text: string) {
      throw new Error(text);
    },
  };
  await run({ args, options, output, directory, user: 'demo' });
  return answer;
}
