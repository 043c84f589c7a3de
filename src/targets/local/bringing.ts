import type { ArrivalsOptions } from './arrivals.ts';
import { proxyPaths } from './paths.ts';
import type { LocalSettings } from './settings.ts';
import type { ImageSource } from './unpacked.ts';

/** How, and into which directory, images come to a target that runs them as its settings say. */
export function bringing(
  { directory, run }: LocalSettings,
  images: ImageSource,
): Pick<ArrivalsOptions, 'bring' | 'directory' | 'processes'> {
  const paths = proxyPaths(directory);
  const { processes, place } = run;
  return place.in === 'process'
    ? { bring: images.unpack, directory: paths.images, processes }
    : { bring: images.store, directory: paths.layouts, processes };
}
