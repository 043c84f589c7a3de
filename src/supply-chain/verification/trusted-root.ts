import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { z } from 'zod';
import { SupplyChainError } from '../error.ts';

/** What a root must say of everybody in it for us: since when they are trusted. */
const validFor = z.object({ start: z.iso.datetime({ offset: true }) });
const certificateAuthority = z.object({
  certChain: z.object({ certificates: z.array(z.object({ rawBytes: z.string() })).min(1) }),
  validFor,
});
const transparencyLog = z.object({ publicKey: z.object({ rawBytes: z.string(), validFor }) });
const trustedRoot = z.object({
  mediaType: z.string().startsWith('application/vnd.dev.sigstore.trustedroot'),
  certificateAuthorities: z.array(certificateAuthority).min(1),
  tlogs: z.array(transparencyLog).default([]),
  ctlogs: z.array(transparencyLog).default([]),
  timestampAuthorities: z.array(certificateAuthority).default([]),
});

/** Organisation that the certificates of the Sigstore for tests are made out to. */
const MOCK = 'sigstore.mock';

/** Where `@sigstore/tuf` keeps the root of the public Sigstore. */
const PUBLIC_REPOSITORY = 'https://tuf-repo-cdn.sigstore.dev';
const seeds = z.object({
  [PUBLIC_REPOSITORY]: z.object({ targets: z.object({ 'trusted_root.json': z.base64() }) }),
});

/**
 * Reads a TrustedRoot document of Sigstore, JSON that was parsed. Every authority and log in it must say since when it
 * is trusted, as one that does not would be trusted for all times. Throws `BAD_TRUST`.
 */
export function parseTrustedRoot(document: unknown, whose: string): TrustedRoot {
  const checked = trustedRoot.safeParse(document);
  if (!checked.success) throw badRoot(whose, z.prettifyError(checked.error), checked.error);
  try {
    const root = TrustedRoot.fromJSON(document);
    certificatesOf(root);
    return root;
  } catch (cause) {
    throw badRoot(whose, 'something in it cannot be read', cause);
  }
}

/** The document in a file, such as `gh attestation trusted-root` or an own Sigstore gives out; checked. Throws `BAD_TRUST`. */
export async function readTrustedRootFile(file: string): Promise<unknown> {
  try {
    const document: unknown = JSON.parse(await readFile(file, 'utf8'));
    parseTrustedRoot(document, file);
    return document;
  } catch (cause) {
    if (cause instanceof SupplyChainError) throw cause;
    throw badRoot(file, 'it cannot be read as one JSON document', cause);
  }
}

/**
 * The root of the public Sigstore as it was when this release was made: without a network, and as old as the release.
 * Once its authorities change, a newer one must come from a file.
 */
export function publicTrustedRoot(): unknown {
  const content: unknown = createRequire(import.meta.url)('@sigstore/tuf/seeds.json');
  const root = seeds.parse(content)[PUBLIC_REPOSITORY].targets['trusted_root.json'];
  return JSON.parse(Buffer.from(root, 'base64').toString('utf8'));
}

/**
 * Whether the root is of a Sigstore for tests, which makes everybody out to be whoever they say they are. What its
 * certificates say counts, not what the document says of them. Throws `BAD_TRUST` when it is no root.
 */
export function isMockRoot(document: unknown): boolean {
  const root = parseTrustedRoot(document, 'the root');
  return certificatesOf(root).some(({ subject }) => subject.split('\n').includes(`O=${MOCK}`));
}

function certificatesOf(root: TrustedRoot): readonly X509Certificate[] {
  return [...root.certificateAuthorities, ...root.timestampAuthorities].flatMap(({ certChain }) =>
    (certChain?.certificates ?? []).map(({ rawBytes }) => new X509Certificate(rawBytes)),
  );
}

function badRoot(whose: string, detail: string, cause: unknown): SupplyChainError {
  return new SupplyChainError('BAD_TRUST', `the trusted root of ${whose} cannot be used: ${detail}`, {
    cause,
  });
}
