import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../../config/problems.ts';
import { PREDICATE_TYPES } from '../../supply-chain/attestations/predicate-types.ts';
import { attach, BUILD_KEY } from '../attach.ts';
import { type CommandInput, type CommandRun, textOption } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { openImage } from '../image.ts';
import { paint } from '../view/format.ts';

/** Who says that vulnerabilities do not matter is somebody else than who builds. */
const SECURITY_KEY = 'security';

/** Signs a statement about an image that stands in a file, and attaches it. */
export const run: CommandRun = async (input) => {
  const predicateType = typeOf(input);
  const predicate = readPredicate(input);
  const image = await openImage(input);
  const { repository, digest } = image;
  await repository.manifest(digest);
  input.output.line(paint('bold', `${repository.name}@${digest}`));
  const usualKey = predicateType === PREDICATE_TYPES.vex ? SECURITY_KEY : BUILD_KEY;
  const attached = await attach(input, image, { predicateType, predicate, usualKey });
  input.output.json({ image: { repository: repository.name, digest }, predicateType, attached });
  return EXIT_CODES.done;
};

function typeOf(input: CommandInput): string {
  const said = textOption(input, 'type') ?? '';
  const known = Object.entries(PREDICATE_TYPES).find(([name]) => name === said)?.[1];
  if (known === PREDICATE_TYPES.verdict) {
    throw new ConfigError('invalid', 'Verdicts are signed by the engine alone, at the end of a rollout.');
  }
  if (known !== undefined) return known;
  if (URL.canParse(said)) return said;
  const names = Object.keys(PREDICATE_TYPES).filter((name) => name !== 'verdict');
  throw new ConfigError(
    'invalid',
    `--type takes one of ${names.join(', ')}, or the URI of a predicate type, not "${said}".`,
  );
}

function readPredicate(input: CommandInput): unknown {
  const file = textOption(input, 'predicate');
  if (file === undefined)
    throw new ConfigError('invalid', 'Say with --predicate which file holds what is to be signed.');
  try {
    return JSON.parse(readFileSync(path.resolve(input.directory, file), 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError('invalid', `${file} holds no JSON document: ${why}`, [], { cause });
  }
}
