import { repositoryAddress } from '../../attestations/repository-address.ts';
import { type GitPlace, runGit } from './run-git.ts';

/** A file as a commit has it. */
export interface CommittedFile {
  /** As git writes it: `100644`, `100755`, and `120000` for a link. */
  readonly mode: string;
  /** Of its content. */
  readonly id: string;
}

/** The commit that a directory is checked out of. */
export interface Checkout {
  readonly place: GitPlace;
  /** 40 hex digits of SHA-1, or 64 of SHA-256. */
  readonly commit: string;
  /** `refs/heads/main`; null when it is no branch that is checked out. */
  readonly ref: string | null;
  /** Where the repository comes from, as others may know it; null if it does not say. */
  readonly repository: string | null;
  /** What the commit has in the directory, by path from there. */
  readonly files: ReadonlyMap<string, CommittedFile>;
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Null when the directory is not from a repository of git, or git cannot say. Rejects when the signal is aborted. */
export async function readCheckout(place: GitPlace): Promise<Checkout | null> {
  const commit = (await runGit(place, ['rev-parse', '--verify', 'HEAD^{commit}']))?.trim() ?? '';
  if (!COMMIT.test(commit)) return null;
  const listed = await runGit(place, ['ls-tree', '-r', '-z', commit]);
  const files = filesIn(listed ?? '');
  // What lies in a directory of somebody else's repository is not from there.
  if (files.size === 0) return null;
  const ref = (await runGit(place, ['symbolic-ref', '--quiet', 'HEAD']))?.trim() ?? '';
  const remote = (await runGit(place, ['config', '--local', '--get', 'remote.origin.url']))?.trim() ?? '';
  return {
    place,
    commit,
    ref: ref.startsWith('refs/') ? ref : null,
    repository: repositoryAddress(remote),
    files,
  };
}

function filesIn(listed: string): Checkout['files'] {
  const entries = listed.split('\0').flatMap((line) => {
    const { mode, id, file } = /^(?<mode>\d{6}) \w+ (?<id>[0-9a-f]+)\t(?<file>.*)$/s.exec(line)?.groups ?? {};
    return mode === undefined || id === undefined || file === undefined
      ? []
      : [[file, { mode, id }] as const];
  });
  return new Map(entries);
}

/** Those of the paths that git was told to ignore. */
export async function ignoredBy(place: GitPlace, paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length === 0) return [];
  const asked = ['check-ignore', '--no-index', '--stdin', '-z'];
  const answer = await runGit(place, asked, paths.map((each) => `./${each}\0`).join(''));
  return (answer ?? '').split('\0').flatMap((each) => (each === '' ? [] : [each.slice('./'.length)]));
}
