import { existsSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../../config/problems.ts';
import { SupplyChainError } from '../../supply-chain/error.ts';
import type { Base } from '../../supply-chain/image/build/base.ts';
import { NOBODY, type BuildOptions } from '../../supply-chain/image/build/build-image.ts';
import { parsePlatform, platformOf, type Platform } from '../../supply-chain/image/platform.ts';
import { repositoryName } from '../../supply-chain/oci/reference.ts';
import { type CommandInput, listOption, textOption } from '../command.ts';
import { type ImagePlace, openRepository, typedReference } from '../image.ts';

/** What the command line says about the image, except for the tag that it gets. */
export async function whatToBuild(
  input: CommandInput,
  place: ImagePlace,
): Promise<Omit<BuildOptions, 'tag'>> {
  return {
    directory: directoryOf(input),
    platform: platformOption(input),
    base: await baseOption(input, place),
    node: nodeOption(input),
    entrypoint: textOption(input, 'entrypoint')?.trim().split(/\s+/) ?? null,
    epoch: epochOption(input),
    version: textOption(input, 'release') ?? null,
    source: textOption(input, 'source') ?? null,
    revision: textOption(input, 'revision') ?? null,
    environment: pairsOption(input, 'setEnv', '--set-env'),
    labels: pairsOption(input, 'label', '--label'),
    port: portOption(input),
    user: textOption(input, 'user') ?? NOBODY,
  };
}

/** The directory that the image is built of. Absolute. */
export function directoryOf({ args, directory }: CommandInput): string {
  return path.resolve(directory, args[0] ?? '.');
}

function platformOption(input: CommandInput): Platform {
  const text = textOption(input, 'platform');
  if (text !== undefined) return parsePlatform(text);
  const own = platformOf(process.arch);
  if (own !== null) return own;
  throw new ConfigError('invalid', 'Say what the image is for with --platform linux/amd64 or linux/arm64.');
}

/** What is there is a root file system; all else names an image. */
async function baseOption(input: CommandInput, images: ImagePlace): Promise<Base> {
  const text = textOption(input, 'base');
  if (text === undefined || text === 'none') return { kind: 'none' };
  const place = path.resolve(input.directory, text);
  if (existsSync(place)) return { kind: 'rootfs', path: place };
  const reference = typedReference(text);
  if (reference.digest === null) {
    throw new SupplyChainError(
      'NOT_A_DIGEST',
      `--base ${text} may be another image tomorrow: name it by the digest of the image for one platform, ${text.split(':')[0]}@sha256:…`,
    );
  }
  return {
    kind: 'image',
    repository: await openRepository(repositoryName(reference), images),
    digest: reference.digest,
  };
}

function nodeOption(input: CommandInput): string | null {
  const text = textOption(input, 'node');
  if (text === undefined) return null;
  return text === 'bundled' ? process.execPath : path.resolve(input.directory, text);
}

function epochOption(input: CommandInput): number {
  const text = textOption(input, 'sourceDateEpoch') ?? process.env['SOURCE_DATE_EPOCH'] ?? '0';
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new ConfigError(
    'invalid',
    `The time of the image (--source-date-epoch, or SOURCE_DATE_EPOCH) is whole seconds since 1970, not "${text}".`,
  );
}

function portOption(input: CommandInput): number | null {
  const text = textOption(input, 'port');
  if (text === undefined) return null;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new ConfigError('invalid', `--port takes a port from 1 to 65535, not "${text}".`);
}

function pairsOption(input: CommandInput, name: string, flag: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    listOption(input, name).map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw new ConfigError('invalid', `${flag} takes NAME=value, not "${pair}".`);
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
