import { SupplyChainError } from '../error.ts';
import type { ImageConfig } from '../oci/image-config.ts';

/** The platforms that images are built for and run on. */
export const PLATFORMS = ['linux/amd64', 'linux/arm64'] as const;

export type Platform = (typeof PLATFORMS)[number];

/** The text as a platform. Throws `WRONG_PLATFORM`. */
export function parsePlatform(text: string): Platform {
  const found = PLATFORMS.find((platform) => platform === text);
  if (found !== undefined) return found;
  throw new SupplyChainError(
    'WRONG_PLATFORM',
    `there is no platform "${text.slice(0, 100)}"; there are ${PLATFORMS.join(' and ')}`,
  );
}

/** The platform on which programs of this machine's processor run; null if there are no images for it. */
export function platformOf(architecture: string): Platform | null {
  switch (architecture) {
    case 'x64':
      return 'linux/amd64';
    case 'arm64':
      return 'linux/arm64';
    default:
      return null;
  }
}

/** What the configuration of an image says it is for. */
export function saidPlatform({ os, architecture }: Pick<ImageConfig, 'os' | 'architecture'>): string {
  return `${os}/${architecture}`;
}
