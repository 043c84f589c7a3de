import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { bundleFromJSON, bundleToJSON, type SerializedBundle } from '@sigstore/bundle';
import { z } from 'zod';
import { statementAbout } from '../attestations/statement.ts';
import { SupplyChainError } from '../error.ts';
import { digestOf } from '../oci/digest.ts';
import { localSigning } from '../signing/local-signer.ts';
import { type Signing, signStatement } from '../signing/sign-statement.ts';
import { keyHolder } from '../testing/forge.ts';
import { type LocalSigstore, startLocalSigstore } from '../testing/local-sigstore.ts';
import { knownSigners } from './known-signers.ts';
import { publicGoodRoot } from './public-good-root.ts';
import type { KeylessSigner, KeySigner, TrustedSigner } from './trust.ts';
import { parseTrustedRoot } from './trusted-root.ts';
import { verifyBundle } from './verify-bundle.ts';

const DAY = 86_400_000;
const NOW = Date.now();
const image = digestOf('an image');
const statement = statementAbout(
  { repository: 'registry/shop', digest: image },
  'https://example.com/any',
  {},
);
const WHO = { subject: 'https://example.com/release', issuer: 'https://issuer.example.com' };

/** What becomes of a bundle: `believed`, or the code of the refusal and why. */
function outcome(bytes: Uint8Array, trusted: readonly TrustedSigner[], now = NOW): string {
  try {
    verifyBundle(bytes, image, knownSigners(trusted, now));
    return 'believed';
  } catch (error) {
    if (error instanceof SupplyChainError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** The bundle, with the key named otherwise than by its fingerprint. */
function renamed(bytes: Buffer, hint: string): Buffer {
  const bundle = bundleFromJSON(JSON.parse(bytes.toString()));
  const content = { $case: 'publicKey' as const, publicKey: { hint } };
  const verificationMaterial = { ...bundle.verificationMaterial, content };
  return Buffer.from(JSON.stringify(bundleToJSON({ ...bundle, verificationMaterial })));
}

function trusting(publicKey: KeyObject): KeySigner {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { kind: 'key', name: 'kms', keys: [{ publicKey: pem, from: null, until: null }] };
}

describe('a key', () => {
  it('counts from the instant on which it is to count, until just before the one on which that ends', async () => {
    const laptop = keyHolder();
    const bytes = await signStatement(statement, laptop.signing);
    const with_ = (window: { from?: number; until?: number }) =>
      outcome(bytes, [laptop.trustedAs('laptop', window)]);
    assert.equal(with_({ from: NOW, until: NOW + 1 }), 'believed');
    assert.match(with_({ until: NOW }), /^UNTRUSTED_SIGNER: its key counts only for laptop, until 20/);
    assert.match(with_({ from: NOW + 1 }), /^UNTRUSTED_SIGNER: its key counts only for laptop, from 20/);
  });

  it('counts beside the one that takes its place, while both do', async () => {
    const [old, young] = [keyHolder(), keyHolder()];
    const signer = old.trustedAs('release', { until: NOW + DAY });
    const both = {
      ...signer,
      keys: [...signer.keys, ...young.trustedAs('release', { from: NOW - DAY }).keys],
    };
    for (const { signing } of [old, young]) {
      assert.equal(outcome(await signStatement(statement, signing), [both]), 'believed');
    }
    assert.match(
      outcome(await signStatement(statement, old.signing), [both], NOW + DAY),
      /^UNTRUSTED_SIGNER/,
    );
  });

  it('may be named by anything, such as its place in a KMS, when it is one that is trusted', async () => {
    const [laptop, stranger] = [keyHolder(), keyHolder()];
    const arn = 'arn:aws:kms:eu-central-1:111122223333:key/signing';
    const trusted = [keyHolder().trustedAs('other'), laptop.trustedAs('laptop')];
    assert.equal(outcome(renamed(await signStatement(statement, laptop.signing), arn), trusted), 'believed');
    const strange = renamed(await signStatement(statement, stranger.signing), arn);
    assert.match(outcome(strange, trusted), /^UNTRUSTED_SIGNER/);
  });

  it('does not count for what another key signed in its name', async () => {
    const [laptop, stranger] = [keyHolder(), keyHolder()];
    const own = z
      .object({ verificationMaterial: z.object({ publicKey: z.object({ hint: z.string() }) }) })
      .parse(JSON.parse((await signStatement(statement, laptop.signing)).toString()));
    const { hint } = own.verificationMaterial.publicKey;
    const false_ = renamed(await signStatement(statement, stranger.signing), hint);
    assert.match(outcome(false_, [laptop.trustedAs('laptop')]), /^SIGNATURE_ERROR/);
  });

  it('is not trusted when it is weak, secret, or of a kind that is not known', async () => {
    const weak = [
      generateKeyPairSync('rsa', { modulusLength: 1024 }),
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    ].map(({ publicKey }) => trusting(publicKey));
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const leaked: KeySigner = {
      kind: 'key',
      name: 'leaked',
      keys: [{ publicKey: secret, from: null, until: null }],
    };
    for (const trust of [...weak, leaked]) {
      assert.throws(() => knownSigners([trust], NOW), { code: 'BAD_TRUST' });
    }
    assert.throws(
      () => knownSigners([leaked], NOW),
      (error) => !String(error).includes(secret),
    );
  });

  it('may be an RSA or an Ed25519 key, as some KMS and people have them', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const bytes = await signStatement(statement, localSigning({ publicKey, privateKey }));
    assert.equal(outcome(bytes, [trusting(publicKey)]), 'believed');
    knownSigners([trusting(generateKeyPairSync('ed25519').publicKey)], NOW);
  });
});

const rootShape = z.looseObject({
  certificateAuthorities: z.array(z.looseObject({})),
  tlogs: z.array(z.looseObject({})),
  ctlogs: z.array(z.unknown()),
  timestampAuthorities: z.array(z.looseObject({})),
});

describe('a trusted root', () => {
  let ours: LocalSigstore;
  let later: LocalSigstore;
  before(async () => {
    [ours, later] = await Promise.all([startLocalSigstore(), startLocalSigstore()]);
  });
  after(() => {
    ours.close();
    later.close();
  });

  const trust = (trustedRoot: unknown, timestamp = 1): KeylessSigner => ({
    kind: 'keyless',
    name: 'ci',
    trustedRoot,
    thresholds: { log: 1, certificateLog: 1, timestamp },
    identities: [
      {
        ...WHO,
        sourceRepository: null,
        sourceRepositoryRef: null,
        sourceRepositoryId: null,
        sourceRepositoryOwnerId: null,
      },
    ],
  });
  const signed = (by: LocalSigstore): Promise<Buffer> => signStatement(statement, by.signing(WHO));

  it('must say of every authority and log since when it is trusted', () => {
    const whole = rootShape.parse(ours.trustedRoot);
    for (const part of ['certificateAuthorities', 'tlogs', 'ctlogs', 'timestampAuthorities'] as const) {
      const endless: unknown = JSON.parse(JSON.stringify(whole[part]).replaceAll('"start"', '"sometime"'));
      assert.throws(() => parseTrustedRoot({ ...whole, [part]: endless }, 'ci'), { code: 'BAD_TRUST' }, part);
    }
  });

  it('must hold certificates that can be read', () => {
    const text = JSON.stringify(ours.trustedRoot);
    const [bad, none] = [/"rawBytes":"MII[^"]*"/, /"certificates":\[[^\]]*\]/];
    for (const changed of [text.replace(bad, '"rawBytes":"AAAA"'), text.replace(none, '"certificates":[]')]) {
      assert.throws(() => parseTrustedRoot(JSON.parse(changed), 'ci'), { code: 'BAD_TRUST' });
    }
  });

  it('is there for the public Sigstore, without a network', () => {
    const { root, isMock } = parseTrustedRoot(publicGoodRoot(), 'public');
    assert.ok(root.certificateAuthorities.length >= 2);
    assert.ok(root.tlogs.some(({ baseUrl }) => baseUrl === 'https://rekor.sigstore.dev'));
    assert.equal(isMock, false);
  });

  it('of a Sigstore for tests is known by its certificates, whatever the document calls them', () => {
    assert.equal(parseTrustedRoot(ours.trustedRoot, 'ci').isMock, true);
    const dressed: unknown = JSON.parse(JSON.stringify(ours.trustedRoot).replaceAll('sigstore.mock', 'acme'));
    assert.equal(parseTrustedRoot(dressed, 'ci').isMock, true);
  });

  it('believes authorities before and after a rotation, each while it was in charge', async () => {
    const [first, second] = [rootShape.parse(ours.trustedRoot), rootShape.parse(later.trustedRoot)];
    const both = {
      ...first,
      certificateAuthorities: [...first.certificateAuthorities, ...second.certificateAuthorities],
      tlogs: [...first.tlogs, ...second.tlogs],
      ctlogs: [...first.ctlogs, ...second.ctlogs],
    };
    const [before_, after_] = [await signed(ours), await signed(later)];
    for (const bytes of [before_, after_]) assert.equal(outcome(bytes, [trust(both)]), 'believed');
    const ended = first.certificateAuthorities.map((authority) => ({
      ...authority,
      validFor: { start: '2020-01-01T00:00:00Z', end: '2021-01-01T00:00:00Z' },
    }));
    const retired = {
      ...both,
      certificateAuthorities: [...ended, ...second.certificateAuthorities],
    };
    assert.match(outcome(before_, [trust(retired)]), /^CERTIFICATE_ERROR/);
    assert.equal(outcome(after_, [trust(retired)]), 'believed');
  });

  it('does not make a signature of the future one of today', async () => {
    const bytes = await signed(ours);
    assert.match(outcome(bytes, [trust(ours.trustedRoot)], NOW - 3_600_000), /^TIMESTAMP_ERROR/);
    assert.equal(
      outcome(bytes, [trust(ours.trustedRoot)], NOW - 60_000),
      'believed',
      'clocks differ a little',
    );
  });

  it('says that somebody else signed it rather than that nobody is known, when several are asked', async () => {
    const elsewhere: Signing = ours.signing({ ...WHO, subject: 'https://example.com/other' });
    const bytes = await signStatement(statement, elsewhere);
    const several = [trust(later.trustedRoot), trust(ours.trustedRoot)];
    assert.match(outcome(bytes, several), /^UNTRUSTED_SIGNER/);
    assert.match(outcome(bytes, several.toReversed()), /^UNTRUSTED_SIGNER/);
  });

  it('is not asked about a timestamp that belongs to another signature', async () => {
    const services = { log: true, timestamp: true };
    const make = async (): Promise<SerializedBundle> =>
      JSON.parse((await signStatement(statement, ours.signing(WHO, services))).toString());
    const [one, other] = [await make(), await make()];
    const { timestampVerificationData } = other.verificationMaterial;
    const grafted = {
      ...one,
      verificationMaterial: { ...one.verificationMaterial, timestampVerificationData },
    };
    assert.equal(outcome(Buffer.from(JSON.stringify(one)), [trust(ours.trustedRoot, 2)]), 'believed');
    assert.match(
      outcome(Buffer.from(JSON.stringify(grafted)), [trust(ours.trustedRoot)]),
      /^TIMESTAMP_ERROR/,
    );
  });

  it('reads bundles of the present format only', async () => {
    const older = (await signed(ours)).toString().replace('bundle.v0.3+json', 'bundle+json;version=0.2');
    assert.match(
      outcome(Buffer.from(older), [trust(ours.trustedRoot)]),
      /^MALFORMED_BUNDLE.*only version 0\.3/,
    );
  });
});
