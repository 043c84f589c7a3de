import { readFileSync } from 'node:fs';
import path from 'node:path';
import { publicGoodRoot } from '../supply-chain/verification/public-good-root.ts';
import type { Identity, KeySigner, TrustedSigner } from '../supply-chain/verification/trust.ts';
import type { LoadedConfig } from './load.ts';
import type { Problem } from './problems.ts';
import { stateDirectory } from './state-directory.ts';
import type { KeyHolder, Trust, Workflow } from './trust-schema.ts';

/** Signers that are there without being written down: keys that are made where they are first used. */
export const BUILDER = 'build';
export const SECURITY = 'security';

/** The engine's own key for the verdicts of one environment. */
export function engineOf(environment: string): string {
  return `engine-${environment}`;
}

/** The public key of such a signer. */
function ownKeyFile(loaded: LoadedConfig, signer: string): string {
  return path.join(stateDirectory(loaded), 'keys', `${signer}.pub`);
}

/** Everybody whose signature may count: those that are written, and the local keys. Problems are added to the list. */
export function resolveTrust(
  loaded: LoadedConfig,
  written: readonly Trust[],
  problems: Problem[],
): readonly TrustedSigner[] {
  const names = written.map(({ name }) => name);
  const engines = loaded.config.environments.map(({ name }) => engineOf(name));
  const own = [BUILDER, SECURITY, ...engines].filter((name) => !names.includes(name));
  return [
    ...written.map((each) => resolveSigner(loaded, each, problems)),
    ...own.map((name) => ownSigner(loaded, name, problems)),
  ];
}

/** A key that nobody has used yet is not there, and nothing is signed by it. */
function ownSigner(loaded: LoadedConfig, name: string, problems: Problem[]): KeySigner {
  const file = ownKeyFile(loaded, name);
  try {
    return { kind: 'key', name, keys: [{ publicKey: readPublic(file), from: null, until: null }] };
  } catch (error) {
    if (!isMissing(error)) problems.push(unreadable(`supplyChain (the key of ${name})`, file, error));
    return { kind: 'key', name, keys: [] };
  }
}

function resolveSigner(loaded: LoadedConfig, trust: Trust, problems: Problem[]): TrustedSigner {
  if ('key' in trust) return resolveKeys(loaded, trust, problems);
  const place = `supplyChain.trust "${trust.name}"`;
  const isPublic = trust.sigstore === 'public';
  const isGithub = trust.sigstore === 'github';
  const file = trust.trustedRoot ?? (isPublic || isGithub ? null : trust.sigstore);
  if (isGithub && file === null) {
    problems.push({
      path: `${place}.trustedRoot`,
      message:
        "is missing: the root of GitHub's own Sigstore changes and is not built in; write it with `gh attestation trusted-root` and give its path",
    });
  }
  if ('workflow' in trust && trust.repository !== undefined && trust.repositoryRefs === undefined) {
    problems.push({
      path: `${place}.repositoryRefs`,
      message: `is missing: say from which branches and tags of ${trust.repository} the workflow may have been run, such as "refs/heads/main"`,
    });
  }
  return {
    kind: 'keyless',
    name: trust.name,
    trustedRoot: file === null ? publicGoodRoot() : readRoot(loaded, place, file, problems),
    // GitHub's own instance has no log, and only timestamps.
    thresholds: isGithub
      ? { log: 0, certificateLog: 0, timestamp: 1 }
      : { log: 1, certificateLog: 1, timestamp: 1 },
    identities: 'workflow' in trust ? workflowIdentities(trust) : [identity(trust.subject, trust.issuer)],
  };
}

function resolveKeys(loaded: LoadedConfig, trust: KeyHolder, problems: Problem[]): KeySigner {
  const { name, key, from = null, until = null } = trust;
  const keys = key.flatMap((written) => {
    const file = path.resolve(path.dirname(loaded.file), written);
    try {
      return [{ publicKey: readPublic(file), from, until }];
    } catch (error) {
      problems.push(unreadable(`supplyChain.trust "${name}".key`, file, error));
      return [];
    }
  });
  return { kind: 'key', name, keys };
}

/**
 * One for each branch or tag. Whose repository ran the workflow, and at which branch or tag of it, is always checked: others
 * may call it where it is public, and where it may be called at all, so may anybody who can push a branch.
 */
function workflowIdentities(trust: Workflow): Identity[] {
  const repository = trust.repository ?? repositoryOf(trust);
  return trust.refs.flatMap((ref) =>
    (trust.repositoryRefs ?? [ref]).map((sourceRef) => ({
      ...identity(subjectOf(trust, ref), trust.issuer),
      sourceRepository: `https://github.com/${repository}`,
      sourceRepositoryRef: sourceRef,
      sourceRepositoryId: trust.repositoryId ?? null,
      sourceRepositoryOwnerId: trust.ownerId ?? null,
    })),
  );
}

/** What stands in the certificates of a workflow at a branch or tag. */
export function subjectOf({ workflow }: Workflow, ref: string): string {
  return `https://github.com/${workflow}@${ref}`;
}

/** Owner and name of the repository that a workflow belongs to. */
export function repositoryOf({ workflow }: Workflow): string {
  return workflow.split('/').slice(0, 2).join('/');
}

function identity(subject: string, issuer: string): Identity {
  return {
    subject,
    issuer,
    sourceRepository: null,
    sourceRepositoryRef: null,
    sourceRepositoryId: null,
    sourceRepositoryOwnerId: null,
  };
}

function readRoot(loaded: LoadedConfig, place: string, written: string, problems: Problem[]): unknown {
  const file = path.resolve(path.dirname(loaded.file), written);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    problems.push(unreadable(place, file, error));
    return null;
  }
}

function unreadable(place: string, file: string, error: unknown): Problem {
  const why = error instanceof Error ? error.message : String(error);
  const message = isMissing(error)
    ? `names ${file}, which does not exist; give the path of the file from the directory of the configuration`
    : `names ${file}, which cannot be read: ${why}`;
  return { path: place, message };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** What is read here is written down with every rollout, so a secret that was named by mistake goes no further. */
function readPublic(file: string): string {
  const text = readFileSync(file, 'utf8');
  if (text.includes('PRIVATE KEY')) throw new Error('it holds a private key; name the public one');
  return text;
}
