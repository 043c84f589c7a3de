import { statementAbout } from '../supply-chain/attestations/statement.ts';
import { parseManifest } from '../supply-chain/oci/manifest.ts';
import { type AttachedBundle, attachBundle } from '../supply-chain/signing/attach-bundle.ts';
import { signStatement } from '../supply-chain/signing/sign-statement.ts';
import type { CommandInput } from './command.ts';
import { openImage, type OpenedImage } from './image.ts';
import { chooseSigning } from './signing-choice.ts';
import { paint } from './view/format.ts';

/** The key of this machine that signs what is made and found out here. */
export const BUILD_KEY = 'build';

/**
 * Opens the image that a person wants to say something about, and tells which digest that is. It must be the image of one
 * platform: environments let no index in, so that evidence about one would never be looked at.
 */
export async function openSignable(input: CommandInput): Promise<OpenedImage> {
  const image = await openImage(input);
  const { repository, digest } = image;
  parseManifest(await repository.manifest(digest));
  input.output.line(paint('bold', `${repository.name}@${digest}`));
  return image;
}

/** Whether the result of a command is to be attached to the image. */
export function isToBeAttached({ options }: CommandInput): boolean {
  return options['attach'] !== false;
}

/** What is said about an image. */
export interface Said {
  readonly predicateType: string;
  readonly predicate: unknown;
  /** Which key of this machine says it, if the options name no other. */
  readonly usualKey?: string;
}

/** Signs what is said about an image, attaches it to the image, and says so. */
export async function attach(
  input: CommandInput,
  { repository, digest, stateDirectory }: OpenedImage,
  { predicateType, predicate, usualKey = BUILD_KEY }: Said,
): Promise<AttachedBundle> {
  const { output } = input;
  const statement = statementAbout({ repository: repository.name, digest }, predicateType, predicate);
  const { signing, by, newKey } = await chooseSigning(input, stateDirectory, usualKey);
  const bytes = await signStatement(statement, signing);
  const attached = await attachBundle(repository, digest, { bytes, predicateType });
  if (newKey !== null) output.line(`A key was made; policies may trust ${newKey}.`);
  output.line(paint('dim', `Signed with ${by} and attached as ${attached.referrer}.`));
  return attached;
}
