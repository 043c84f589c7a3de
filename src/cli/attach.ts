import path from 'node:path';
import { statementAbout } from '../supply-chain/attestations/statement.ts';
import { type AttachedBundle, attachBundle } from '../supply-chain/signing/attach-bundle.ts';
import { localKey } from '../supply-chain/signing/local-key.ts';
import { localSigning } from '../supply-chain/signing/local-signer.ts';
import { signStatement } from '../supply-chain/signing/sign-statement.ts';
import { type CommandInput } from './command.ts';
import type { OpenedImage } from './image.ts';
import { paint } from './view/format.ts';

/** The key of this machine that signs what is made and found out here. */
const KEY = 'build';

/** Whether the result of a command is to be attached to the image. */
export function isToBeAttached({ options }: CommandInput): boolean {
  return options['attach'] !== false;
}

/** Signs what a command found out about an image with the local key, attaches it to the image, and says so. */
export async function attach(
  { output }: CommandInput,
  { repository, digest, stateDirectory }: OpenedImage,
  predicateType: string,
  predicate: unknown,
): Promise<AttachedBundle> {
  const statement = statementAbout({ repository: repository.name, digest }, predicateType, predicate);
  const key = localKey(path.join(stateDirectory, 'keys'), KEY);
  const bytes = await signStatement(statement, localSigning(key));
  const attached = await attachBundle(repository, digest, { bytes, predicateType });
  if (key.isNew) output.line(`A key was made; policies may trust ${key.publicKeyFile}.`);
  output.line(paint('dim', `Signed with the key "${KEY}" and attached as ${attached.referrer}.`));
  return attached;
}
