import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { bundleToJSON } from '@sigstore/bundle';
import { DSSEBundleBuilder } from '@sigstore/sign';
import fc from 'fast-check';
import { type SupplyChainCode, SupplyChainError } from '../error.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import { verified } from '../oci/verified.ts';
import { contentOf, type ImageRepository } from '../oci/repository.ts';
import { signStatement } from '../signing/sign-statement.ts';
import { statementAbout } from '../attestations/statement.ts';
import { forge, keyHolder } from '../testing/forge.ts';
import { type LocalSigstore, startLocalSigstore, type Workflow } from '../testing/local-sigstore.ts';
import { knownSigners } from './known-signers.ts';
import { readEvidence } from './read-evidence.ts';
import type { Identity, KeylessSigner, TrustedSigner } from './trust.ts';
import { verifyBundle } from './verify-bundle.ts';

const ISSUER = 'https://token.actions.githubusercontent.com';
const RELEASE = 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main';
const SAID = { predicateType: 'https://example.com/said/v1', predicate: { well: true } };
const NOW = Date.now();

const builder: Workflow = {
  subject: RELEASE,
  issuer: ISSUER,
  sourceRepository: 'https://github.com/acme/app',
  sourceRepositoryRef: 'refs/heads/main',
  sourceRepositoryId: '4711',
  sourceRepositoryOwnerId: '42',
};

let ours: LocalSigstore;
let theirs: LocalSigstore;

before(async () => {
  ours = await startLocalSigstore();
  theirs = await startLocalSigstore();
});
after(() => {
  ours.close();
  theirs.close();
});

function ci(
  identity: Partial<Identity> = {},
  thresholds = { log: 1, certificateLog: 1, timestamp: 1 },
): KeylessSigner {
  const exact: Identity = {
    subject: RELEASE,
    issuer: ISSUER,
    sourceRepository: null,
    sourceRepositoryRef: null,
    sourceRepositoryId: null,
    sourceRepositoryOwnerId: null,
    ...identity,
  };
  return { kind: 'keyless', name: 'ci', trustedRoot: ours.trustedRoot, thresholds, identities: [exact] };
}

async function read(repository: ImageRepository, image: Digest, ...signers: TrustedSigner[]) {
  return readEvidence(repository, image, signers, { now: NOW });
}

/** Asserts that nothing is believed, and why the one thing that is attached is not. */
async function rejects(
  repository: ImageRepository,
  image: Digest,
  code: SupplyChainCode,
  ...signers: TrustedSigner[]
) {
  const { statements, rejected } = await read(repository, image, ...signers);
  assert.deepEqual(statements, []);
  assert.deepEqual(
    rejected.map((each) => each.code),
    [code],
    rejected.map(({ detail }) => detail).join('; '),
  );
}

describe('what is attached to an image', () => {
  it('is believed when a trusted key signed it', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const laptop = keyHolder();
    const attached = await made.attest(image, SAID, laptop.signing);
    const { statements, rejected } = await read(made.repository, image, laptop.trustedAs('build'));
    assert.deepEqual(rejected, []);
    const [only] = statements;
    assert.equal(statements.length, 1);
    assert.deepEqual(only?.signers, ['build']);
    assert.equal(only?.referrer, attached.referrer);
    assert.equal(only?.bundle, attached.bundle);
    assert.equal(only?.signedAt, null);
    assert.deepEqual(only?.statement.predicate, SAID.predicate);
  });

  it('is believed when the trusted workflow signed it, and the log says when', async (t) => {
    const made = forge(t);
    const image = await made.image();
    await made.attest(image, SAID, ours.signing({ subject: RELEASE, issuer: ISSUER }));
    const { statements, rejected } = await read(made.repository, image, ci());
    assert.deepEqual(rejected, []);
    assert.deepEqual(statements[0]?.signers, ['ci']);
    assert.ok(Math.abs((statements[0]?.signedAt ?? 0) - NOW) < 60_000);
    assert.match(statements[0]?.identity ?? '', /release\.yml@refs\/heads\/main/);
  });

  it('counts for every trusted signer whose key it is', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const laptop = keyHolder();
    await made.attest(image, SAID, laptop.signing);
    const { statements } = await read(
      made.repository,
      image,
      laptop.trustedAs('build'),
      laptop.trustedAs('security'),
    );
    assert.deepEqual(statements[0]?.signers, ['build', 'security']);
  });

  it('is passed over when it is something else than a bundle', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const laptop = keyHolder();
    await made.attest(image, SAID, laptop.signing);
    const junk = Buffer.from('a picture of a cat');
    const { repository } = made;
    const stored = digestOf(junk);
    await repository.putBlob(contentOf(junk, stored));
    const { bytes, mediaType } = await repository.manifest(image);
    const layer = { mediaType: 'image/png', digest: stored, size: junk.length };
    const document = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.manifest,
      artifactType: 'image/png',
      config: layer,
      layers: [layer],
      subject: { mediaType, digest: image, size: bytes.length },
    };
    await repository.putManifest(Buffer.from(JSON.stringify(document)), MEDIA_TYPES.manifest, null);
    const { statements, rejected } = await read(repository, image, laptop.trustedAs('build'));
    assert.equal(statements.length, 1);
    assert.deepEqual(rejected, []);
  });
});

describe('an attacker who can push to the registry is not believed with', () => {
  it('a valid attestation of another image', async (t) => {
    const made = forge(t);
    const [image, other] = [await made.image(), await made.image('evil')];
    const laptop = keyHolder();
    const statement = statementAbout(
      { repository: 'registry/podinfo', digest: other },
      SAID.predicateType,
      {},
    );
    await made.attach(image, await signStatement(statement, laptop.signing));
    await rejects(made.repository, image, 'SUBJECT_MISMATCH', laptop.trustedAs('build'));
  });

  it('the digest in the name of the subject, or under another algorithm', async (t) => {
    const laptop = keyHolder();
    for (const digest of [{}, { sha512: 'x' }, { SHA256: 'x' }]) {
      const made = forge(t);
      const image = await made.image();
      const hex = image.slice('sha256:'.length);
      const hidden = Object.fromEntries(Object.keys(digest).map((key) => [key, hex]));
      const change = (statement: ReturnType<typeof statementAbout>) => ({
        ...statement,
        subject: [{ name: image, digest: hidden }],
      });
      await made.attest(image, { ...SAID, change }, laptop.signing);
      await rejects(made.repository, image, 'SUBJECT_MISMATCH', laptop.trustedAs('build'));
    }
  });

  it('a key that nobody trusts', async (t) => {
    const made = forge(t);
    const image = await made.image();
    await made.attest(image, SAID, keyHolder().signing);
    await rejects(made.repository, image, 'UNTRUSTED_SIGNER', keyHolder().trustedAs('build'));
  });

  it('a workflow of a repository whose name begins the same', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const subject = RELEASE.replace('acme/app', 'acme/app-evil');
    await made.attest(image, SAID, ours.signing({ subject, issuer: ISSUER }));
    await rejects(made.repository, image, 'UNTRUSTED_SIGNER', ci());
  });

  it('the right workflow on a branch of their own', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const subject = RELEASE.replace('heads/main', 'heads/main-evil');
    await made.attest(image, SAID, ours.signing({ subject, issuer: ISSUER }));
    await rejects(made.repository, image, 'UNTRUSTED_SIGNER', ci());
  });

  it('the right name, said by somebody else', async (t) => {
    for (const issuer of ['https://evil.example', `${ISSUER}/evil`]) {
      const made = forge(t);
      const image = await made.image();
      await made.attest(image, SAID, ours.signing({ subject: RELEASE, issuer }));
      await rejects(made.repository, image, 'UNTRUSTED_SIGNER', ci());
    }
  });

  it('a Sigstore of their own', async (t) => {
    const made = forge(t);
    const image = await made.image();
    await made.attest(image, SAID, theirs.signing({ subject: RELEASE, issuer: ISSUER }));
    await rejects(made.repository, image, 'CERTIFICATE_ERROR', ci());
  });

  it('a certificate that no log and no authority gives a time', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const signing = ours.signing({ subject: RELEASE, issuer: ISSUER }, { log: false, timestamp: false });
    await made.attest(image, SAID, signing);
    await rejects(made.repository, image, 'TIMESTAMP_ERROR', ci());
  });

  it('the log entry of another signature', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const signing = ours.signing({ subject: RELEASE, issuer: ISSUER });
    const about = { repository: 'registry/podinfo', digest: image };
    const [one, other] = await Promise.all(
      ['one', 'other'].map(async (name) =>
        JSON.parse(
          (await signStatement(statementAbout(about, SAID.predicateType, { name }), signing)).toString(),
        ),
      ),
    );
    one.verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries;
    await made.attach(image, Buffer.from(JSON.stringify(one)));
    await rejects(made.repository, image, 'TLOG_BODY_ERROR', ci());
  });

  it('the same log entry twice where two are wanted', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const about = { repository: 'registry/podinfo', digest: image };
    const signing = ours.signing({ subject: RELEASE, issuer: ISSUER });
    const bundle = JSON.parse((await signStatement(statementAbout(about, 'x', {}), signing)).toString());
    bundle.verificationMaterial.tlogEntries.push(bundle.verificationMaterial.tlogEntries[0]);
    await made.attach(image, Buffer.from(JSON.stringify(bundle)));
    const { statements } = await read(
      made.repository,
      image,
      ci({}, { log: 2, certificateLog: 1, timestamp: 1 }),
    );
    assert.deepEqual(statements, []);
  });

  it('an envelope that holds something else than a statement', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const laptop = keyHolder();
    const builderOf = new DSSEBundleBuilder({ signer: laptop.signing.signer, witnesses: [] });
    const statement = statementAbout(
      { repository: 'registry/podinfo', digest: image },
      SAID.predicateType,
      {},
    );
    const data = Buffer.from(JSON.stringify(statement));
    const bundle = await builderOf.create({ data, type: 'application/vnd.something+json' });
    await made.attach(image, Buffer.from(JSON.stringify(bundleToJSON(bundle))));
    await rejects(made.repository, image, 'PAYLOAD_TYPE', laptop.trustedAs('build'));
  });

  it('a statement that was changed after it was signed', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const laptop = keyHolder();
    const about = { repository: 'registry/podinfo', digest: image };
    const bundle = JSON.parse(
      (await signStatement(statementAbout(about, 'x', {}), laptop.signing)).toString(),
    );
    const changed = JSON.stringify(statementAbout(about, 'x', { better: true }));
    bundle.dsseEnvelope.payload = Buffer.from(changed).toString('base64');
    await made.attach(image, Buffer.from(JSON.stringify(bundle)));
    await rejects(made.repository, image, 'SIGNATURE_ERROR', laptop.trustedAs('build'));
  });

  it('a bundle of 17 MiB', async (t) => {
    const made = forge(t);
    const image = await made.image();
    await made.attach(image, Buffer.alloc(17 * 1024 * 1024, ' '));
    await rejects(made.repository, image, 'TOO_LARGE', keyHolder().trustedAs('build'));
  });

  it('a flood of attachments: then nothing is believed at all', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const laptop = keyHolder();
    await made.attest(image, SAID, laptop.signing);
    const one = (await made.repository.referrers(image))[0];
    assert.ok(one !== undefined);
    const flooded: ImageRepository = {
      ...made.repository,
      referrers: async () => Array.from({ length: 513 }, () => one),
    };
    await assert.rejects(read(flooded, image, laptop.trustedAs('build')), { code: 'TOO_MANY_REFERRERS' });
  });

  it('a shared workflow that another repository called', async (t) => {
    const shared = 'https://github.com/acme/workflows/.github/workflows/release.yml@refs/heads/main';
    const made = forge(t);
    const image = await made.image();
    const evil = {
      ...builder,
      subject: shared,
      sourceRepository: 'https://github.com/evil/app',
      sourceRepositoryId: '666',
    };
    await made.attest(image, SAID, ours.workflowSigning(evil));
    const sourceRepository = 'https://github.com/acme/app';
    await rejects(made.repository, image, 'UNTRUSTED_SIGNER', ci({ subject: shared, sourceRepository }));
    const { statements } = await read(made.repository, image, ci({ subject: shared }));
    assert.equal(statements.length, 1, 'which the subject alone would not have told');
  });

  it('a repository that was made anew under the old name', async (t) => {
    const made = forge(t);
    const image = await made.image();
    await made.attest(image, SAID, ours.workflowSigning({ ...builder, sourceRepositoryId: '4712' }));
    const trusted = { sourceRepositoryId: '4711', sourceRepositoryOwnerId: '42' };
    await rejects(made.repository, image, 'UNTRUSTED_SIGNER', ci(trusted));
    const real = forge(t);
    const same = await real.image();
    await real.attest(same, SAID, ours.workflowSigning(builder));
    assert.equal((await read(real.repository, same, ci(trusted))).statements.length, 1);
  });

  it('a certificate without the extensions that are asked for', async (t) => {
    const made = forge(t);
    const image = await made.image();
    await made.attest(image, SAID, ours.signing({ subject: RELEASE, issuer: ISSUER }));
    await rejects(made.repository, image, 'UNTRUSTED_SIGNER', ci({ sourceRepositoryId: '4711' }));
  });

  it('a key where a workflow is trusted, or a workflow where a key is', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const laptop = keyHolder();
    await made.attest(image, SAID, laptop.signing);
    await rejects(made.repository, image, 'UNTRUSTED_SIGNER', ci());
    const other = forge(t);
    const second = await other.image();
    await other.attest(second, SAID, ours.signing({ subject: RELEASE, issuer: ISSUER }));
    await rejects(other.repository, second, 'UNTRUSTED_SIGNER', laptop.trustedAs('build'));
  });

  it('a key before and after its time', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const laptop = keyHolder();
    await made.attest(image, SAID, laptop.signing);
    const { repository } = made;
    await rejects(repository, image, 'UNTRUSTED_SIGNER', laptop.trustedAs('build', { until: NOW - 1 }));
    await rejects(repository, image, 'UNTRUSTED_SIGNER', laptop.trustedAs('build', { from: NOW + 1 }));
    const inTime = laptop.trustedAs('build', { from: NOW - 1, until: NOW + 1 });
    assert.equal((await read(repository, image, inTime)).statements.length, 1);
  });

  it('a list of referrers that names what is attached to another image', async (t) => {
    const made = forge(t);
    const [image, other] = [await made.image(), await made.image('other')];
    const laptop = keyHolder();
    const statement = statementAbout({ repository: 'registry/podinfo', digest: image }, 'x', {});
    await made.attach(other, await signStatement(statement, laptop.signing));
    const lying: ImageRepository = { ...made.repository, referrers: () => made.repository.referrers(other) };
    await rejects(lying, image, 'SUBJECT_MISMATCH', laptop.trustedAs('build'));
  });

  it('other bytes than the digest of the bundle stands for', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const laptop = keyHolder();
    await made.attest(image, SAID, laptop.signing);
    const lying: ImageRepository = {
      ...made.repository,
      blob: (descriptor) => verified([Buffer.from('other bytes')], descriptor),
    };
    await rejects(lying, image, 'DIGEST_MISMATCH', laptop.trustedAs('build'));
  });
});

describe('evidence', () => {
  it('may be about several images, ours among them', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const laptop = keyHolder();
    const change = (statement: ReturnType<typeof statementAbout>) => ({
      ...statement,
      subject: [{ name: 'other', digest: { sha256: '0'.repeat(64) } }, ...statement.subject],
    });
    await made.attest(image, { ...SAID, change }, laptop.signing);
    const { statements } = await read(made.repository, image, laptop.trustedAs('build'));
    assert.equal(statements[0]?.statement.subject.length, 2);
  });

  it('is not known when the repository fails, which is no evidence of anything', async (t) => {
    const made = forge(t);
    const image = await made.image();
    await made.attest(image, SAID, keyHolder().signing);
    const failing: ImageRepository = {
      ...made.repository,
      manifest: async () => {
        throw new SupplyChainError('REGISTRY_UNAVAILABLE', 'it is down');
      },
    };
    await assert.rejects(read(failing, image, ci()), { code: 'REGISTRY_UNAVAILABLE' });
  });

  it('of GitHub’s kind, without a log, is believed by a timestamp', async (t) => {
    const made = forge(t);
    const image = await made.image();
    const signing = ours.signing({ subject: RELEASE, issuer: ISSUER }, { log: false, timestamp: true });
    await made.attest(image, SAID, signing);
    const { statements, rejected } = await read(
      made.repository,
      image,
      ci({}, { log: 0, certificateLog: 0, timestamp: 1 }),
    );
    assert.deepEqual(rejected, []);
    assert.ok(Math.abs((statements[0]?.signedAt ?? 0) - Date.now()) < 60_000);
  });
});

describe('trust', () => {
  it('is not given to a root that does not say since when it is valid', () => {
    const text = JSON.stringify(ours.trustedRoot).replaceAll(
      /"validFor":\{"start":"[^"]+"\}/g,
      '"validFor":{}',
    );
    const root: unknown = JSON.parse(text);
    assert.throws(() => knownSigners([{ ...ci(), trustedRoot: root }], NOW), { code: 'BAD_TRUST' });
  });

  it('is not given to certificates without a time', () => {
    const untimed = ci({}, { log: 0, certificateLog: 0, timestamp: 0 });
    assert.throws(() => knownSigners([untimed], NOW), { code: 'BAD_TRUST' });
  });

  it('is not given to what is no key and no root', () => {
    const noKey: TrustedSigner = {
      kind: 'key',
      name: 'build',
      keys: [{ publicKey: 'x', from: null, until: null }],
    };
    assert.throws(() => knownSigners([noKey], NOW), { code: 'BAD_TRUST' });
    assert.throws(() => knownSigners([{ ...ci(), trustedRoot: { tlogs: 1 } }], NOW), { code: 'BAD_TRUST' });
    assert.throws(() => knownSigners([{ ...ci(), trustedRoot: null }], NOW), { code: 'BAD_TRUST' });
  });

  it('is given to two instances at the same time, as after a rotation', async (t) => {
    const made = forge(t);
    const image = await made.image();
    await made.attest(image, SAID, theirs.signing({ subject: RELEASE, issuer: ISSUER }));
    await made.attest(image, SAID, ours.signing({ subject: RELEASE, issuer: ISSUER }));
    const old = { ...ci(), name: 'old', trustedRoot: theirs.trustedRoot };
    const { statements } = await read(made.repository, image, ci(), old);
    assert.deepEqual(statements.flatMap(({ signers }) => signers).toSorted(), ['ci', 'old']);
  });
});

describe('bytes that may be a bundle', () => {
  it('are refused with a code, whatever they are', () => {
    const signers = knownSigners([ci(), keyHolder().trustedAs('build')], NOW);
    const image = `sha256:${'0'.repeat(64)}` as const;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          assert.throws(() => verifyBundle(bytes, image, signers), SupplyChainError);
        },
      ),
    );
  });

  it('are refused when anything in a good bundle was changed', async () => {
    const laptop = keyHolder();
    const image = `sha256:${'0'.repeat(64)}` as const;
    const about = { repository: 'registry/podinfo', digest: image };
    const keyless = ours.signing({ subject: RELEASE, issuer: ISSUER });
    const signers = knownSigners([ci(), laptop.trustedAs('build')], NOW);
    const bundles = [laptop.signing, keyless].map((signing) =>
      signStatement(statementAbout(about, 'x', {}), signing),
    );
    for (const bytes of await Promise.all(bundles)) {
      assert.equal(verifyBundle(bytes, image, signers).statement.predicateType, 'x');
      const paths = leavesOf(JSON.parse(bytes.toString()));
      fc.assert(
        fc.property(fc.constantFrom(...paths), fc.jsonValue(), (place, value) => {
          const changed = withLeaf(JSON.parse(bytes.toString()), place, value);
          try {
            const { statement } = verifyBundle(Buffer.from(JSON.stringify(changed)), image, signers);
            assert.deepEqual(statement, statementAbout(about, 'x', {}), 'then what was changed says nothing');
          } catch (error) {
            assert.ok(error instanceof SupplyChainError, String(error));
          }
        }),
        { numRuns: 300 },
      );
    }
  });
});

function leavesOf(value: unknown, place: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [place];
  return [place, ...Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...place, key]))];
}

function withLeaf(value: unknown, [key, ...rest]: readonly string[], leaf: unknown): unknown {
  if (key === undefined) return leaf;
  if (Array.isArray(value))
    return value.map((inner, index) => (String(index) === key ? withLeaf(inner, rest, leaf) : inner));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === key ? withLeaf(inner, rest, leaf) : inner]),
  );
}
