import { layoutRepository } from '../../layout/layout-repository.ts';
import type { ImageRepository } from '../../oci/repository.ts';
import { BUILT_IN } from '../../oci/reference.ts';
import { repositoryDirectory } from './repository-directory.ts';

/** Where the repositories of a registry are kept. */
export interface Shelf {
  directory(repository: string): string;
  repository(repository: string): ImageRepository;
}

/** One layout for each repository, below one directory. */
export function shelfIn(root: string): Shelf {
  const directory = (repository: string) => repositoryDirectory(root, repository);
  return {
    directory,
    repository: (repository) => layoutRepository(`${BUILT_IN}/${repository}`, directory(repository)),
  };
}
