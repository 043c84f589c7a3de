import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** One line of the log, as it was parsed. */
export type LogLine = Readonly<Record<string, unknown>>;

/** How a process ended, and all that it printed. */
export interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A podinfo process under test. Disposing of it kills it. */
export interface Podinfo extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly url: string;
  readonly port: number;
  /** The first line that fits, be it there already or yet to come. Rejects when the process ends without it. */
  line(fits: (line: LogLine) => boolean): Promise<LogLine>;
  lines(): readonly LogLine[];
  readonly ended: Promise<Ending>;
}

/** How podinfo is started: from its sources, or as it is in an image. */
export interface Program {
  readonly command: readonly [program: string, ...words: string[]];
  readonly workingDirectory?: string;
  /** Number of the user and group; whoever runs the test if it is not said. */
  readonly user?: number;
  /** What is in the environment besides what a test says. */
  readonly environment?: Readonly<Record<string, string>>;
}

const SOURCES: Program = { command: [process.execPath, MAIN] };

/** Starts podinfo on a free port with nothing in its environment but what is given, and waits until it listens. */
export async function startPodinfo(
  environment: Readonly<Record<string, string>> = {},
  program: Program = SOURCES,
): Promise<Podinfo> {
  const { child, output, ended } = launch(environment, program);
  const watchers = new Set<() => void>();
  const wake = () => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.on('data', wake);
  void ended.then(wake);

  const lines = (): readonly LogLine[] => {
    const complete = output.stdout.split('\n').slice(0, -1);
    return complete.map((text) => JSON.parse(text));
  };

  function line(fits: (line: LogLine) => boolean): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = lines().find(fits);
        const isOver = child.exitCode !== null || child.signalCode !== null;
        if (found === undefined && !isOver) return;
        watchers.delete(look);
        if (found === undefined)
          reject(new Error(`podinfo ended without the line: ${JSON.stringify(output)}`));
        else resolve(found);
      };
      watchers.add(look);
      look();
    });
  }

  const { port } = await line(({ message }) => message === 'listening');
  assert(typeof port === 'number');
  return {
    process: child,
    url: `http://127.0.0.1:${port}`,
    port,
    line,
    lines,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Runs podinfo until it ends by itself. */
export function runPodinfo(
  environment: Readonly<Record<string, string>>,
  program: Program = SOURCES,
): Promise<Ending> {
  return launch(environment, program).ended;
}

function launch(environment: Readonly<Record<string, string>>, program: Program) {
  const { command, workingDirectory, user, environment: own } = program;
  const [file, ...words] = command;
  const child = spawn(file, words, {
    env: { ...own, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(workingDirectory === undefined ? {} : { cwd: workingDirectory }),
    ...(user === undefined ? {} : { uid: user, gid: user }),
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = once(child, 'close').then((): Ending => ({ code: child.exitCode, ...output }));
  return { child, output, ended };
}

/** Asks until the answer is as wished. The test's own timeout ends a wish that does not come true. */
export async function until<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    await nextTurn();
  }
}
