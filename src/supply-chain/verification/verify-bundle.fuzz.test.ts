import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { statementAbout, STATEMENT_PAYLOAD, type Statement } from '../attestations/statement.ts';
import { digestOf } from '../oci/digest.ts';
import { startLocalSigstore, type LocalSigstore } from '../testing/local-sigstore.ts';
import { keyedSigner, keylessSigner } from '../testing/signers.ts';
import { bundleVerifier, type BundleVerifier } from './verify-bundle.ts';

const RUNS = { numRuns: 300, seed: 20_260_115 };
const image = digestOf('an image');
const statement = statementAbout({ repository: 'registry/shop', digest: image }, 'https://example.com/any', {
  amount: 1,
});

/** Bundles that verify, and one that verifies them all. */
interface Sample {
  readonly bundles: readonly string[];
  readonly verify: BundleVerifier;
}

async function makeSample(sigstore: LocalSigstore): Promise<Sample> {
  const signers = [
    keyedSigner('laptop'),
    keylessSigner('ci', sigstore, {}, { log: true, timestamp: true }),
    keylessSigner('private', sigstore, {}, { log: false, timestamp: true }),
  ];
  const payload = { bytes: Buffer.from(JSON.stringify(statement)), type: STATEMENT_PAYLOAD };
  const signed = await Promise.all(signers.map(async ({ sign }) => JSON.stringify(await sign(payload))));
  const verify = bundleVerifier(
    signers.map(({ trust }) => trust),
    Date.now(),
  );
  return { bundles: signed, verify };
}

/** What a bundle comes to: the statement, or the code of the refusal. */
function resultOf({ verify }: Sample, bytes: Uint8Array | string): Statement | string {
  const result = verify(Buffer.from(bytes), image);
  return result.kind === 'verified' ? result.statement : result.code;
}

/** Any place in a document, to put something else there. */
function pathsIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, each]) => pathsIn(each, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((each, index) => (String(index) === key ? replaced(each, rest, by) : each));
  const entries = Object.entries(value ?? {});
  return Object.fromEntries(
    entries.map(([name, each]) => [name, name === key ? replaced(each, rest, by) : each]),
  );
}

describe('bundles that went wrong by chance', () => {
  let sigstore: LocalSigstore;
  let sample: Sample;
  before(async () => {
    sigstore = await startLocalSigstore();
    sample = await makeSample(sigstore);
  });
  after(() => sigstore.close());

  it('verify as they were signed', () => {
    for (const bundle of sample.bundles) assert.deepEqual(resultOf(sample, bundle), statement);
  });

  it('are refused when they are any bytes or any JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 500 }), fc.json(), fc.string()), (bytes) => {
        assert.equal(resultOf(sample, bytes), 'MALFORMED_BUNDLE');
      }),
      RUNS,
    );
  });

  it('never say anything else than what was signed when some of their bytes are others', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.nat(), change, (which, changes) => {
        const bytes = Buffer.from(sample.bundles[which % sample.bundles.length] ?? '');
        for (const [place, byte] of changes) bytes[place % bytes.length] = byte;
        const result = resultOf(sample, bytes);
        if (typeof result !== 'string') assert.deepEqual(result, statement);
      }),
      RUNS,
    );
  });

  it('never say anything else than what was signed when one of their parts is anything', () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(undefined, null, '', '0', '-1', 'AAAA', [], {}, 1e308, '9'.repeat(400)),
    );
    fc.assert(
      fc.property(fc.nat(), fc.nat(), anything, (which, place, by) => {
        const bundle: unknown = JSON.parse(sample.bundles[which % sample.bundles.length] ?? '');
        const paths = pathsIn(bundle);
        const changed = JSON.stringify(replaced(bundle, paths[place % paths.length] ?? [], by)) ?? '';
        const result = resultOf(sample, changed);
        if (typeof result !== 'string') assert.deepEqual(result, statement);
      }),
      { ...RUNS, numRuns: 600 },
    );
  });

  it('never say what one signed by what another is signed with', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (which, from, place) => {
        const bundle: unknown = JSON.parse(sample.bundles[which % sample.bundles.length] ?? '');
        const donor: unknown = JSON.parse(sample.bundles[from % sample.bundles.length] ?? '');
        const paths = pathsIn(bundle);
        const path = paths[place % paths.length] ?? [];
        const part = path.reduce<unknown>((value, key) => Object(value ?? {})[key], donor);
        const result = resultOf(sample, JSON.stringify(replaced(bundle, path, part)) ?? '');
        if (typeof result !== 'string') assert.deepEqual(result, statement);
      }),
      RUNS,
    );
  });
});
