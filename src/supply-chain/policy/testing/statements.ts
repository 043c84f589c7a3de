import type { Instant } from '../../../core/time.ts';
import { digestOf } from '../../oci/digest.ts';
import type { Statement } from '../../attestations/statement.ts';
import type { VerifiedStatement } from '../../verification/evidence.ts';
import type { JudgedImage } from '../assessment.ts';
import { OVERRIDES, ROLLOUT } from '../own-identity.ts';
import { policy, type Policy, type Severity } from '../policy.ts';

/** Verified statements as they would come from a repository, each whole, with only what the test is about. */

/** When the tests began: what a test's own Sigstore signs carries the real time. */
export const NOW: Instant = Date.now();
export const HOUR = 3_600_000;

export const IMAGE: JudgedImage = {
  repository: 'registry/shop',
  digest: digestOf('the image'),
  platform: 'linux/amd64',
};
export const OTHER_IMAGE = digestOf('another image');

export const PREDICATES = {
  signature: 'https://sigstore.dev/cosign/sign/v1',
  provenance: 'https://slsa.dev/provenance/v1',
  sbom: 'https://cyclonedx.org/bom',
  scan: 'https://in-toto.io/attestation/vulns/v0.2',
  exception: 'https://openvex.dev/ns/v0.2.0',
  verdict: 'https://slsa.dev/verification_summary/v1',
} as const;

const BUILDER = 'https://builder.example/1';
const BUILD_TYPE = 'https://builder.example/type/1';
const VERIFIER = 'https://engine.example/1';

export function policyOf(changes: Partial<Policy> = {}): Policy {
  const whole = policy.parse({
    mode: 'enforce',
    repositories: ['registry/shop'],
    platform: { os: 'linux', architecture: 'amd64' },
    signers: ['build', 'security', 'engine-dev'].map(keySigner),
    rules: [
      { evidence: 'signature', signers: ['build'] },
      {
        evidence: 'provenance',
        signers: ['build'],
        builders: [BUILDER],
        buildTypes: [BUILD_TYPE],
        parameters: { source: ['main'], commit: null },
      },
      { evidence: 'sbom', signers: ['build'] },
      {
        evidence: 'scan',
        signers: ['build', 'security'],
        maxAge: 24 * HOUR,
        maxDatabaseAge: 7 * 24 * HOUR,
        failOn: 'high',
        exceptions: { signers: ['security'], maxAge: 90 * 24 * HOUR },
      },
      {
        evidence: 'verdict',
        signers: ['engine-dev'],
        service: 'shop',
        environment: 'dev',
        verifier: VERIFIER,
        soak: 0,
        levels: [],
        policies: null,
      },
    ],
  });
  return { ...whole, ...changes };
}

function keySigner(name: string) {
  return { kind: 'key', name, keys: [{ publicKey: `key of ${name}`, from: null, until: null }] };
}

interface Circumstances {
  readonly signers?: readonly string[];
  readonly signedAt?: Instant | null;
  readonly subject?: Statement['subject'];
}

let made = 0;

export function statement(
  predicateType: string,
  predicate: unknown,
  { signers = ['build'], signedAt = null, subject }: Circumstances = {},
): VerifiedStatement {
  made += 1;
  return {
    referrer: digestOf(`referrer ${made}`),
    bundle: digestOf(`bundle ${made}`),
    signers,
    identity: 'key 1',
    signedAt,
    statement: {
      _type: 'https://in-toto.io/Statement/v1',
      subject: subject ?? [{ name: IMAGE.repository, digest: { sha256: IMAGE.digest.slice(7) } }],
      predicateType,
      predicate,
    },
  };
}

/** One of each kind, all good, in the order of the rules. */
export function complete(): readonly VerifiedStatement[] {
  return [signatureOf(), provenanceOf({}), sbomOf({}), scanOf({}), summaryOf({})];
}

export function signatureOf(): VerifiedStatement {
  return statement(PREDICATES.signature, {});
}

export function provenanceOf({
  builder = BUILDER,
  buildType = BUILD_TYPE,
  parameters = { source: 'main', commit: '1234' },
  age = 3 * HOUR,
  definition = {},
}: {
  readonly builder?: string;
  readonly buildType?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly age?: number;
  /** What else there is in `buildDefinition`. */
  readonly definition?: Readonly<Record<string, unknown>>;
}): VerifiedStatement {
  return statement(PREDICATES.provenance, {
    buildDefinition: { buildType, externalParameters: parameters, ...definition },
    runDetails: {
      builder: { id: builder },
      metadata: { startedOn: time(NOW - age - HOUR), finishedOn: time(NOW - age) },
    },
  });
}

export function sbomOf(circumstances: Circumstances): VerifiedStatement {
  const components = [{ type: 'library', name: 'left', version: '1.0.0', purl: 'pkg:npm/left@1.0.0' }];
  return statement(
    PREDICATES.sbom,
    { bomFormat: 'CycloneDX', specVersion: '1.6', components },
    circumstances,
  );
}

export function scanOf({
  age = HOUR,
  databaseAge = 2 * HOUR,
  found = [],
  ...circumstances
}: Circumstances & {
  readonly age?: number;
  readonly databaseAge?: number | null;
  readonly found?: readonly {
    readonly id: string;
    readonly severity: Severity | null;
    /** As a scanner would say it, instead. */
    readonly scores?: readonly string[];
    readonly aliases?: readonly string[];
  }[];
}): VerifiedStatement {
  const predicate = {
    scanner: {
      uri: 'https://scanner.example',
      version: '1.0.0',
      db: databaseAge === null ? {} : { lastUpdate: time(NOW - databaseAge) },
      result: found.map(({ id, severity, scores = severity === null ? [] : [severity], aliases }) => ({
        id,
        severity: scores.map((score) => ({ method: 'somebody', score })),
        annotations: [{ purl: 'pkg:npm/left@1.0.0', ...(aliases === undefined ? {} : { aliases }) }],
      })),
    },
    metadata: { scanStartedOn: time(NOW - age), scanFinishedOn: time(NOW - age) },
  };
  return statement(PREDICATES.scan, predicate, circumstances);
}

export function exceptionOf({
  vulnerability = 'CVE-1',
  signers = ['security'],
  status = 'not_affected',
  age = 2 * HOUR,
  product = IMAGE.digest,
  component = null,
  ...rest
}: {
  readonly vulnerability?: string;
  readonly signers?: readonly string[];
  readonly status?: string;
  readonly justification?: string | undefined;
  readonly age?: number;
  readonly product?: string | null;
  readonly component?: string | null;
}): VerifiedStatement {
  const justification = 'justification' in rest ? rest.justification : 'vulnerable_code_not_present';
  const subcomponents = component === null ? {} : { subcomponents: [{ '@id': component }] };
  const said = {
    vulnerability: { name: vulnerability },
    ...(product === null ? {} : { products: [{ '@id': product, ...subcomponents }] }),
    status,
    ...(justification === undefined ? {} : { justification }),
  };
  const document = {
    '@context': PREDICATES.exception,
    '@id': 'https://vex.example/1',
    author: 'security',
    timestamp: time(NOW - age),
    version: 1,
    statements: [said],
  };
  return statement(PREDICATES.exception, document, { signers });
}

export function summaryOf({
  signers = ['engine-dev'],
  age = HOUR,
  result = 'PASSED',
  verifier = VERIFIER,
  repository = IMAGE.repository,
  digest = IMAGE.digest,
  environment = 'dev',
  service = 'shop',
  uri = `oci://${repository}@${digest}?env=${environment}&service=${service}`,
  policy: applied = `sha256:${'b'.repeat(64)}`,
  levels = ['SLSA_BUILD_LEVEL_1'],
  overrides,
  rollout,
}: {
  readonly signers?: readonly string[];
  readonly age?: number;
  readonly result?: 'PASSED' | 'FAILED';
  readonly verifier?: string;
  readonly repository?: string;
  readonly digest?: string;
  readonly environment?: string;
  readonly service?: string;
  readonly uri?: string;
  readonly policy?: string;
  readonly levels?: readonly string[];
  readonly overrides?: readonly string[];
  /** What the engine's own field says. */
  readonly rollout?: unknown;
}): VerifiedStatement {
  const predicate = {
    verifier: { id: verifier },
    timeVerified: time(NOW - age),
    resourceUri: uri,
    policy: { uri: 'canary.config.ts', digest: { sha256: applied.slice(7) } },
    verificationResult: result,
    verifiedLevels: levels,
    ...(overrides === undefined ? {} : { [OVERRIDES]: overrides }),
    ...(rollout === undefined ? {} : { [ROLLOUT]: rollout }),
  };
  return statement(PREDICATES.verdict, predicate, { signers });
}

function time(instant: Instant): string {
  return new Date(instant).toISOString();
}
