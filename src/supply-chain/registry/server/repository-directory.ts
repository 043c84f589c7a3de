import path from 'node:path';

/** What a layout keeps in its directory: a repository below another one must not be called like this. */
const TAKEN: readonly string[] = ['blobs', 'unfinished', 'index.json', 'index.lock', 'oci-layout'];

/** Whether a repository of this name can be kept beside all others. */
export function isStorable(repository: string): boolean {
  return repository
    .split('/')
    .slice(1)
    .every((part) => !TAKEN.includes(part));
}

/** Where the built-in registry keeps a repository: an OCI layout in a directory of its name. */
export function repositoryDirectory(root: string, repository: string): string {
  return path.join(root, ...repository.split('/'));
}
