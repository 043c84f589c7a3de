import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../../config/problems.ts';
import { PREDICATE_TYPES } from '../../supply-chain/attestations/predicate-types.ts';
import { kindOfPredicate, predicateFault } from '../../supply-chain/policy/read-claim.ts';
import { attach, BUILD_KEY, openSignable } from '../attach.ts';
import { type CommandInput, type CommandRun, textOption } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';

/** Who says that vulnerabilities do not matter is somebody else than who builds. */
const SECURITY_KEY = 'security';

/** Signs a statement about an image that stands in a file, and attaches it. */
export const run: CommandRun = async (input) => {
  const predicateType = typeOf(input);
  const predicate = readPredicate(input, predicateType);
  const image = await openSignable(input);
  const { repository, digest } = image;
  const usualKey = kindOfPredicate(predicateType) === 'exception' ? SECURITY_KEY : BUILD_KEY;
  const attached = await attach(input, image, { predicateType, predicate, usualKey });
  input.output.json({ image: { repository: repository.name, digest }, predicateType, attached });
  return EXIT_CODES.done;
};

function typeOf(input: CommandInput): string {
  const said = textOption(input, 'type') ?? '';
  const type = Object.entries(PREDICATE_TYPES).find(([name]) => name === said)?.[1] ?? said;
  if (kindOfPredicate(type) === 'verdict') {
    throw new ConfigError('invalid', 'Verdicts are signed by the engine alone, at the end of a rollout.');
  }
  if (URL.canParse(type)) return type;
  const names = Object.keys(PREDICATE_TYPES).filter((name) => name !== 'verdict');
  throw new ConfigError(
    'invalid',
    `--type takes one of ${names.join(', ')}, or the URI of a predicate type, not "${said}".`,
  );
}

/** What policies cannot read is not signed: it would let nothing in, and takes back older exceptions. */
function readPredicate(input: CommandInput, type: string): unknown {
  const file = textOption(input, 'predicate');
  if (file === undefined)
    throw new ConfigError('invalid', 'Say with --predicate which file holds what is to be signed.');
  const predicate = readJson(input, file);
  const fault = predicateFault(type, predicate);
  if (fault === null) return predicate;
  throw new ConfigError('invalid', `${file} is no predicate of the type ${type}: ${fault}`);
}

function readJson({ directory }: CommandInput, file: string): unknown {
  try {
    return JSON.parse(readFileSync(path.resolve(directory, file), 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError('invalid', `${file} holds no JSON document: ${why}`, [], { cause });
  }
}
