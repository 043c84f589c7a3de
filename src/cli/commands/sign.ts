import { PREDICATE_TYPES } from '../../supply-chain/attestations/predicate-types.ts';
import { attach, openSignable } from '../attach.ts';
import type { CommandRun } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';

/** Signs an image: the digest that it has now, if a tag was given. */
export const run: CommandRun = async (input) => {
  const image = await openSignable(input);
  const { repository, digest } = image;
  const attached = await attach(input, image, { predicateType: PREDICATE_TYPES.signature, predicate: {} });
  input.output.json({ image: { repository: repository.name, digest }, attached });
  return EXIT_CODES.done;
};
