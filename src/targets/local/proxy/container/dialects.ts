import type { ContainerSettings } from '../../settings.ts';

/** In what an engine differs from others. All else is said to each of them in the same words. */
export interface Dialect {
  /**
   * What its store knows images by, and so how one gets there. By their manifest's digest: it takes a layout from a
   * directory. By an ID, which is the digest of the configuration or of the manifest: it takes an archive.
   */
  readonly images: 'by manifest' | 'by ID';
  /** Words with which those that are not there are no mistake to `rm --force`, and nothing is waited for. */
  readonly removing: readonly string[];
  /**
   * What `inspect` is to say of a container: digest of its image's manifest, its image's ID, whether it runs, and as which
   * process of this machine; `-` for what need not be known.
   */
  readonly seeing: string;
}

/** Podman without its monitor does not notice that a container ended. Docker's daemon does, and may be on another machine. */
const DIALECTS: Readonly<Record<ContainerSettings['engine'], Dialect>> = {
  podman: {
    images: 'by manifest',
    removing: ['--ignore', '--time=0'],
    seeing: '{{.ImageDigest}} {{.Image}} {{.State.Running}} {{.State.Pid}}',
  },
  docker: {
    images: 'by ID',
    removing: [],
    seeing: '- {{.Image}} {{.State.Running}} -',
  },
};

export function dialectOf({ engine }: ContainerSettings): Dialect {
  return DIALECTS[engine];
}
