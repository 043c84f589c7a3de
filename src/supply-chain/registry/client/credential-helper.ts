import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { SupplyChainError } from '../../error.ts';
import { readAll } from '../../oci/read-all.ts';
import type { Credentials } from './credentials.ts';
import { printable } from './printable.ts';

const answer = z.object({ Username: z.string(), Secret: z.string() });

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
const PATIENCE = 30_000;
const LARGEST_ANSWER = 64 * 1024;

/** By this name a helper says that the secret is an identity token. */
const TOKEN_USER = '<token>';

/**
 * Asks `docker-credential-<name> get`, as docker does: the registry on standard input, JSON on standard output. Null when
 * it says that it has none. Rejects with `UNAUTHORIZED`.
 */
export async function runHelper(
  name: string,
  registry: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<Credentials | null> {
  if (!NAME.test(name)) throw failed(name, registry, 'that is not the name of one');
  try {
    const { code, text } = await run(`docker-credential-${name}`, registry, environment, signal);
    if (code === 0) return credentialsIn(text);
    // The words of docker's own helpers; there is no code for it.
    if (/credentials not found/i.test(text)) return null;
    // What it says may be what it should have kept to itself.
    const words = /secret|password|token/i.test(text) ? '' : `: "${printable(text)}"`;
    throw new Error(`it ended with ${code}${words}`);
  } catch (cause) {
    signal?.throwIfAborted();
    const isJunk = cause instanceof SyntaxError || cause instanceof z.ZodError;
    const why = isJunk ? 'what it answers is not what helpers answer' : printable(String(cause));
    throw failed(name, registry, why, cause);
  }
}

async function run(
  program: string,
  registry: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(program, ['get'], {
    env: { ...environment },
    stdio: ['pipe', 'pipe', 'ignore'],
    ...(signal === undefined ? {} : { signal }),
  });
  const closed = once(child, 'close');
  // Not the option of `spawn`, which keeps the process waiting when there is no such program.
  const tooSlow = setTimeout(
    () => child.stdout.destroy(new Error(`it took longer than ${PATIENCE} ms`)),
    PATIENCE,
  );
  // One that does not read is judged by what it answers.
  child.stdin.on('error', () => undefined);
  child.stdin.end(registry);
  try {
    const [output] = await Promise.all([
      readAll(child.stdout, LARGEST_ANSWER, 'the answer of a helper'),
      closed,
    ]);
    return { code: child.exitCode, text: output.toString('utf8') };
  } finally {
    clearTimeout(tooSlow);
    child.kill('SIGKILL');
  }
}

function credentialsIn(text: string): Credentials {
  const { Username: username, Secret: secret } = answer.parse(JSON.parse(text));
  return username === TOKEN_USER
    ? { kind: 'identity-token', token: secret }
    : { kind: 'password', username, password: secret };
}

function failed(name: string, registry: string, why: string, cause?: unknown): SupplyChainError {
  return new SupplyChainError(
    'UNAUTHORIZED',
    `the credential helper "${printable(name)}" gives no login to ${registry}: ${why}`,
    { cause },
  );
}
