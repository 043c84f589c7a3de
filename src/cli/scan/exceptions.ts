import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from '../../config/problems.ts';
import type { Instant } from '../../core/time.ts';
import { exemption } from '../../supply-chain/policy/exceptions.ts';
import { exceptionPredicate } from '../../supply-chain/policy/predicates.ts';
import type { Finding } from '../../supply-chain/vulnerabilities/finding.ts';
import type { OpenedImage } from '../image.ts';

/** Why a finding does not count, by a file of exceptions; null if it does. */
export type ExceptionFor = (finding: Finding) => string | null;

/** Whoever gave the file on the command line. */
const SIGNER = 'the file';

/**
 * What a file in the OpenVEX format says about findings, by the same rules as the gate's. Nobody has signed it: it counts
 * here, and for no policy. Throws when it is no such file.
 */
export function exceptionsIn(file: string, { repository, digest }: OpenedImage, now: Instant): ExceptionFor {
  const claim = readExceptions(file);
  const verified = {
    referrer: digest,
    bundle: digest,
    signers: [SIGNER],
    identity: file,
    signedAt: null,
    statement: {
      _type: 'https://in-toto.io/Statement/v1' as const,
      subject: [],
      predicateType: 'https://openvex.dev/ns',
      predicate: null,
    },
  };
  const all = {
    image: { repository: repository.name, digest, platform: '' },
    pieces: [{ verified, claim }],
    unreadable: [],
    rejected: [],
    now,
  };
  const rule = { signers: [SIGNER], maxAge: Number.POSITIVE_INFINITY };
  return ({ id, aliases, rating, package: about }) => {
    const found = { id, aliases, severity: rating === 'unknown' ? null : rating, component: about.purl };
    const answer = exemption(all, rule, found);
    return answer.kind === 'exempt' ? answer.evidence.map(({ says }) => says).join('; ') : null;
  };
}

function readExceptions(file: string): z.infer<typeof exceptionPredicate> {
  try {
    return exceptionPredicate.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const why =
      cause instanceof z.ZodError ? z.prettifyError(cause) : cause instanceof Error ? cause.message : '';
    throw new ConfigError(
      'invalid',
      `--vex takes a file in the OpenVEX format, and ${file} is none: ${why}`,
      [],
      {
        cause,
      },
    );
  }
}
