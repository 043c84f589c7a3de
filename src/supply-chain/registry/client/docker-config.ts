import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SupplyChainError } from '../../error.ts';
import { runHelper } from './credential-helper.ts';
import type { Credentials, CredentialsFor } from './credentials.ts';

const login = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});

const config = z.object({
  auths: z.record(z.string(), login).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

type Login = z.infer<typeof login>;

/** Under what name docker keeps the login to its own registry. */
const DOCKER_HUB = 'https://index.docker.io/v1/';
const DOCKER_HUB_HOSTS: readonly string[] = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/**
 * The logins of docker, podman and others in `config.json`, from `DOCKER_CONFIG` or `~/.docker`: by a helper of that
 * registry, by the store of all, or as they stand in the file. Read anew each time, so that a login counts at once. Host
 * and port must be the same, not merely alike.
 */
export function dockerCredentials(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): CredentialsFor {
  const directory = environment['DOCKER_CONFIG'] ?? path.join(home, '.docker');
  const file = path.join(directory, 'config.json');
  return async (registry, signal) => {
    const { auths = {}, credHelpers = {}, credsStore } = await readConfig(file);
    const helper = entryFor(credHelpers, registry) ?? credsStore;
    if (helper !== undefined) {
      const isHub = DOCKER_HUB_HOSTS.includes(registry.toLowerCase());
      const found = await runHelper(helper, isHub ? DOCKER_HUB : registry, environment, signal);
      if (found !== null) return found;
    }
    const entry = entryFor(auths, registry);
    return entry === undefined ? null : credentialsOf(entry, file, registry);
  };
}

async function readConfig(file: string): Promise<z.infer<typeof config>> {
  try {
    return config.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {};
    throw new SupplyChainError(
      'UNAUTHORIZED',
      `${file} cannot be read as the configuration of docker: repair it, or log in again`,
      { cause },
    );
  }
}

/** Keys are hosts, or addresses such as `https://host/v1/`: only host and port of them count. */
function entryFor<T>(entries: Readonly<Record<string, T>>, registry: string): T | undefined {
  const wanted = hostOf(registry);
  return Object.entries(entries).find(([key]) => hostOf(key) === wanted)?.[1];
}

function hostOf(key: string): string {
  const host = key
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/s, '');
  return DOCKER_HUB_HOSTS.includes(host) ? 'docker.io' : host;
}

function credentialsOf(entry: Login, file: string, registry: string): Credentials | null {
  const { auth, username, password, identitytoken: token } = entry;
  if (token !== undefined && token !== '') return { kind: 'identity-token', token };
  if (username !== undefined && password !== undefined) return { kind: 'password', username, password };
  if (auth === undefined || auth === '') return null;
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon > 0) {
    // Docker pads with zero bytes.
    const plain = text.slice(colon + 1).replace(/\0+$/, '');
    return { kind: 'password', username: text.slice(0, colon), password: plain };
  }
  throw new SupplyChainError(
    'UNAUTHORIZED',
    `the login to ${registry} in ${file} is malformed: log in again`,
  );
}
