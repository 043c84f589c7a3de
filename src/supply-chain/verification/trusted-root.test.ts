import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { SupplyChainError } from '../error.ts';
import { directoryHere, forgeHere, sigstoreHere } from '../testing/places.ts';
import { keylessSigner } from '../testing/signers.ts';
import { readEvidence } from './read-evidence.ts';
import { isMockRoot, parseTrustedRoot, publicTrustedRoot, readTrustedRootFile } from './trusted-root.ts';

const root = z.looseObject({
  certificateAuthorities: z.array(z.looseObject({ validFor: z.looseObject({}) })),
  tlogs: z.array(z.looseObject({ publicKey: z.looseObject({}) })),
  ctlogs: z.array(z.unknown()),
  timestampAuthorities: z.array(z.looseObject({ validFor: z.looseObject({}) })),
});

function isBadTrust(error: unknown): boolean {
  return error instanceof SupplyChainError && error.code === 'BAD_TRUST';
}

describe('a trusted root', () => {
  it('must say of every authority and log since when it is trusted', async (t) => {
    const { trustedRoot } = await sigstoreHere(t);
    const whole = root.parse(trustedRoot);
    parseTrustedRoot(trustedRoot, 'ci');
    const without = (text: string, part: string) =>
      text.replaceAll(new RegExp(`"${part}":"[^"]*"`, 'g'), '"x":""');
    for (const part of ['certificateAuthorities', 'tlogs', 'ctlogs', 'timestampAuthorities'] as const) {
      const endless: unknown = JSON.parse(without(JSON.stringify(whole[part]), 'start'));
      assert.throws(() => parseTrustedRoot({ ...whole, [part]: endless }, 'ci'), isBadTrust, part);
    }
    for (const bad of [
      null,
      'root',
      {},
      { ...whole, certificateAuthorities: [] },
      { ...whole, mediaType: 'x' },
    ]) {
      assert.throws(() => parseTrustedRoot(bad, 'ci'), isBadTrust);
    }
    const noCertificate: unknown = JSON.parse(
      JSON.stringify(whole).replace(/"rawBytes":"MII[^"]*"/, '"rawBytes":"AAAA"'),
    );
    assert.throws(() => parseTrustedRoot(noCertificate, 'ci'), isBadTrust);
  });

  it('is there for the public Sigstore, without a network', () => {
    const parsed = parseTrustedRoot(publicTrustedRoot(), 'the public Sigstore');
    assert.ok(parsed.certificateAuthorities.length >= 2);
    assert.ok(parsed.tlogs.some(({ baseUrl }) => baseUrl === 'https://rekor.sigstore.dev'));
    assert.equal(isMockRoot(publicTrustedRoot()), false);
  });

  it('of a Sigstore for tests is known by its certificates, whatever the document calls them', async (t) => {
    const { trustedRoot } = await sigstoreHere(t);
    assert.equal(isMockRoot(trustedRoot), true);
    assert.equal(
      isMockRoot(JSON.parse(JSON.stringify(trustedRoot).replaceAll('sigstore.mock', 'acme'))),
      true,
    );
  });

  it('can come from a file, which must hold one', async (t) => {
    const file = path.join(directoryHere(t), 'root.json');
    const { trustedRoot } = await sigstoreHere(t);
    writeFileSync(file, JSON.stringify(trustedRoot));
    assert.deepEqual(await readTrustedRootFile(file), trustedRoot);
    for (const bad of ['', '{}', 'null']) {
      writeFileSync(file, bad);
      await assert.rejects(readTrustedRootFile(file), isBadTrust);
    }
    await assert.rejects(readTrustedRootFile(`${file}.gone`), isBadTrust);
  });

  it('believes authorities before and after a rotation, each while it was in charge', async (t) => {
    const [before, after] = [await sigstoreHere(t), await sigstoreHere(t)];
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    const [old, young] = [keylessSigner('ci', before), keylessSigner('ci', after)];
    for (const by of [old, young])
      await attest(
        shop,
        'https://example.com/any',
        { from: by.trust.trustedRoot === before.trustedRoot },
        { by },
      );
    const [first, second] = [root.parse(before.trustedRoot), root.parse(after.trustedRoot)];
    const both = {
      ...first,
      certificateAuthorities: [...first.certificateAuthorities, ...second.certificateAuthorities],
      tlogs: [...first.tlogs, ...second.tlogs],
      ctlogs: [...first.ctlogs, ...second.ctlogs],
    };
    const now = Date.now();
    const read = async (trustedRoot: unknown) => {
      const { statements, rejected } = await readEvidence(repository, shop, [{ ...old.trust, trustedRoot }], {
        now,
      });
      return [...statements.map(() => 'believed'), ...rejected.map(({ code }) => code)];
    };
    assert.deepEqual(await read(both), ['believed', 'believed']);
    assert.deepEqual(await read(second), ['believed', 'CERTIFICATE_ERROR']);
    const ended = first.certificateAuthorities.map((authority) => ({
      ...authority,
      validFor: { start: '2020-01-01T00:00:00Z', end: '2021-01-01T00:00:00Z' },
    }));
    const retired = { ...both, certificateAuthorities: [...ended, ...second.certificateAuthorities] };
    assert.deepEqual(await read(retired), ['believed', 'CERTIFICATE_ERROR']);
  });
});
