import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Attested, DueVerdict } from '../core/attestation.ts';
import type { Rollout } from '../core/rollout.ts';
import { PREDICATE_TYPES } from '../supply-chain/attestations/predicate-types.ts';
import { rolloutVerdict } from '../supply-chain/attestations/rollout-verdict.ts';
import { statementAbout } from '../supply-chain/attestations/statement.ts';
import { hexOf, parseDigest } from '../supply-chain/oci/digest.ts';
import type { ImageRepository } from '../supply-chain/oci/repository.ts';
import { attachBundle } from '../supply-chain/signing/attach-bundle.ts';
import { type Signing, signStatement } from '../supply-chain/signing/sign-statement.ts';
import type { Notary } from './notary.ts';

/** How the engine signs, as it stands in a rollout's plan. */
export const notarySettings = z.discriminatedUnion('kind', [
  /** With a key of this machine, made when it is first used. */
  z.strictObject({ kind: z.literal('local'), directory: z.string(), name: z.string() }),
  z.strictObject({ kind: z.literal('kms'), key: z.string() }),
]);

export type NotarySettings = z.infer<typeof notarySettings>;

export interface SigningNotary {
  readonly openRepository: (name: string) => Promise<ImageRepository>;
  readonly signingBy: (settings: NotarySettings) => Promise<Signing>;
  /** Directory for what was attached, so that it is not attached again. */
  readonly directory: string;
  readonly toolVersion: string;
}

const attested = z.object({
  result: z.enum(['PASSED', 'FAILED']),
  referrer: z.string(),
  bundle: z.string(),
});

/**
 * Signs verdicts as SLSA verification summaries, and attaches them to the images. What was attached is noted in a file, so
 * that looking for it asks no registry. A key or a registry may take longer than a turn waits: the work goes on, once for
 * each verdict, and a later turn finds what came of it.
 */
export function signingNotary(options: SigningNotary): Notary {
  const underWay = new Map<string, Promise<void>>();

  return {
    async find(rollout, due) {
      try {
        return attested.parse(JSON.parse(await readFile(noteFile(options, rollout, due), 'utf8')));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
        throw error;
      }
    },
    async attest(rollout, due, journalHead, signal) {
      const file = noteFile(options, rollout, due);
      const work =
        underWay.get(file) ??
        signAndAttach(options, rollout, due, journalHead).finally(() => underWay.delete(file));
      underWay.set(file, work);
      await Promise.race([work, givenUp(signal)]);
    },
  };
}

async function signAndAttach(
  options: SigningNotary,
  rollout: Rollout,
  due: DueVerdict,
  journalHead: string,
): Promise<void> {
  const { toolVersion } = options;
  const { release, result } = due;
  const digest = parseDigest(release.digest);
  const repository = await options.openRepository(release.artifact.repository);
  const predicate = rolloutVerdict({ rollout, due, journalHead, toolVersion });
  const predicateType = PREDICATE_TYPES.verdict;
  const statement = statementAbout({ repository: repository.name, digest }, predicateType, predicate);
  const signing = await options.signingBy(notarySettings.parse(rollout.plan.notary));
  const bytes = await signStatement(statement, signing);
  const attached = await attachBundle(repository, digest, { bytes, predicateType });
  await note(noteFile(options, rollout, due), { result, ...attached });
}

/** Rejects when the turn waits no longer. */
function givenUp(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const leave = () => reject(new Error('it is still being signed and attached'));
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
}

/** One for each image: a return that is taken back itself says of two of them that they failed. */
function noteFile({ directory }: SigningNotary, { id }: Rollout, { release, result }: DueVerdict): string {
  const image = hexOf(parseDigest(release.digest));
  return path.join(directory, `${id}-${result.toLowerCase()}-${image}.json`);
}

async function note(file: string, what: Attested): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${randomUUID()}`;
  await writeFile(unfinished, JSON.stringify(what));
  await rename(unfinished, file);
}
