import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync, cpSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { statusOf } from '../../src/core/rollout.ts';
import { build, buildAndSign, imageProject, withhold } from './images.ts';
import { type Project, ROOT, versionOf } from './project.ts';

function refusalsIn(stdout: string): readonly string[] {
  const { reasons } = JSON.parse(stdout);
  return reasons.flatMap(({ refusals = [] }: { refusals?: { code: string }[] }) =>
    refusals.map(({ code }) => code),
  );
}

/** podinfo with a package in it that has a known vulnerability. */
function vulnerablePodinfo(shop: Project): string {
  const directory = path.join(shop.directory, 'vulnerable');
  cpSync(path.join(ROOT, 'podinfo'), directory, { recursive: true });
  const dependency = path.join(directory, 'node_modules/paint-by-numbers');
  mkdirSync(dependency, { recursive: true });
  const about = { name: 'paint-by-numbers', version: '1.0.0', main: 'index.js' };
  writeFileSync(path.join(dependency, 'package.json'), JSON.stringify(about));
  writeFileSync(path.join(dependency, 'index.js'), '');
  const own = { name: 'podinfo', version: '1.0.0', type: 'module', scripts: { start: 'node src/main.ts' } };
  const dependencies = { 'paint-by-numbers': '1.0.0' };
  writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ ...own, dependencies }));
  const packages = { '': { dependencies }, 'node_modules/paint-by-numbers': { version: '1.0.0' } };
  writeFileSync(path.join(directory, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
  return directory;
}

describe('an image', { concurrency: false }, () => {
  it('goes from dev to staging by its digest, when a second person says so', async (t) => {
    const shop = await imageProject(t);
    const image = await buildAndSign(shop, '1.0.0');
    const verified = await shop.canary('verify', image, '--env', 'dev', '--json');
    assert.equal(JSON.parse(verified.stdout).admitted, true);
    assert.equal((await shop.canary('verify', image, '--env', 'staging')).code, 1);

    const deployed = await shop.canary('deploy', '--env', 'dev', '--image', image, '--json');
    assert.equal(deployed.code, 0, deployed.stderr);
    const { admission, attested } = JSON.parse(deployed.stdout);
    const kinds = admission.evidence.map(({ kind }: { kind: string }) => kind);
    assert.deepEqual(kinds.toSorted(), ['provenance', 'sbom', 'scan', 'signature']);
    assert.equal(attested.result, 'PASSED');
    assert.equal(await versionOf(shop.url), '1.0.0');

    const promoted = shop.start('promote', 'shop', '--to', 'staging', '--json');
    const { id } = await shop.until(
      ({ environment, waitingFor }) => environment === 'staging' && waitingFor.length > 0,
    );
    assert.equal((await shop.as('ann', 'approve', id)).code, 4, 'who asked for it cannot approve it');
    assert.equal((await shop.as('bob', 'approve', id, '--note', 'seen')).code, 0);
    const { code, stdout } = await promoted.ended;
    assert.equal(code, 0, stdout);
    const arrived = JSON.parse(stdout);
    assert.equal(`registry/shop@${arrived.digest}`, image);
    const verdictOfDev = arrived.admission.evidence.find(({ kind }: { kind: string }) => kind === 'verdict');
    assert.match(verdictOfDev.says, /^promoted in dev .* ago, read back from web/);
    const { releases } = JSON.parse((await shop.canary('releases', '--json')).stdout);
    assert.deepEqual(
      releases[0].places.map(({ environment, isStable }: Record<string, unknown>) => [environment, isStable]),
      [
        ['dev', true],
        ['staging', true],
      ],
    );
  });

  it('gets no traffic when nobody has signed it, or only a tag is given', async (t) => {
    const shop = await imageProject(t);
    const image = await build(shop, '1.0.0');
    const { code, stdout } = await shop.canary('deploy', '--env', 'dev', '--image', image, '--json');
    assert.equal(code, 1);
    assert.deepEqual(refusalsIn(stdout), ['MISSING_SIGNATURE', 'MISSING_SBOM', 'MISSING_SCAN']);
    const tagged = await shop.canary('deploy', '--env', 'dev', '--image', 'registry/shop:1.0.0');
    assert.equal(tagged.code, 2);
    assert.match(tagged.stderr, new RegExp(`--image ${image}`));
    const command = await shop.canary(
      'deploy',
      '--env',
      'dev',
      '-r',
      'x',
      '--command',
      'node x.js',
      '--json',
    );
    assert.equal(command.code, 1);
    assert.deepEqual(refusalsIn(command.stdout), ['NOT_A_DIGEST']);
  });

  it('is refused for a vulnerability, until those whose job that is make an exception', async (t) => {
    const shop = await imageProject(t);
    const image = await buildAndSign(shop, '1.0.0', vulnerablePodinfo(shop));
    const refused = await shop.canary('deploy', '--env', 'dev', '--image', image, '--json');
    assert.deepEqual(refusalsIn(refused.stdout), ['VULNERABLE']);

    const statement = {
      vulnerability: { name: 'TEST-2026-0001' },
      products: [{ '@id': `pkg:oci/shop@${image.split('@')[1]}` }],
      status: 'not_affected',
      justification: 'vulnerable_code_not_in_execute_path',
    };
    const vex = { '@context': 'https://openvex.dev/ns/v0.2.0', timestamp: new Date().toISOString() };
    const file = path.join(shop.directory, 'vex.json');
    writeFileSync(file, JSON.stringify({ ...vex, statements: [statement] }));
    const byBuilder = ['attest', image, '--type', 'vex', '--predicate', 'vex.json', '--key', 'build'];
    assert.equal((await shop.canary(...byBuilder)).code, 0);
    assert.equal((await shop.canary('verify', image, '--env', 'dev')).code, 1, 'the builder may not say so');
    assert.equal((await shop.canary('attest', image, '--type', 'vex', '--predicate', 'vex.json')).code, 0);
    const deployed = await shop.canary('deploy', '--env', 'dev', '--image', image, '--json');
    assert.equal(deployed.code, 0, deployed.stdout);
  });

  it('stays where it is while evidence is gone that it was let in by, and goes on when it is back', async (t) => {
    const shop = await imageProject(t);
    await shop.canary('deploy', '--env', 'dev', '--image', await buildAndSign(shop, '1.0.0'));
    const image = await buildAndSign(shop, '1.1.0');
    const load = shop.load();
    const deployed = shop.start('deploy', '--env', 'dev', '--image', image, '--json');
    const { admission } = await shop.until(({ phase }) => phase.kind === 'progressing');
    const putBack = withhold(
      shop,
      (admission?.evidence ?? []).filter(({ kind }) => kind === 'scan').map(({ referrer }) => referrer),
    );
    const stopped = await shop.until((rollout) => statusOf(rollout) === 'paused');
    assert.equal(stopped.phase.kind, 'progressing');
    assert.equal((await shop.canary('promote', '--env', 'dev')).code, 4, 'a person does not get past it');
    putBack();
    const { code, stdout } = await deployed.ended;
    await load.stop();
    assert.equal(code, 0, stdout);
    assert.equal(load.served().lost, 0);
    const { stdout: story } = await shop.canary('explain', JSON.parse(stdout).rollout);
    assert.match(story, /NOT_FOUND/);
    assert.match(story, /good again/);
  });

  it('that was rolled back after its promotion is not promoted further, and an old one not replayed', async (t) => {
    const shop = await imageProject(t);
    const [first, second] = [await buildAndSign(shop, '1.0.0'), await buildAndSign(shop, '1.1.0')];
    for (const image of [first, second]) {
      const ended = shop.start('deploy', '--env', 'dev', '--image', image, '--leave-when-held').ended;
      if (image === second) {
        await shop.until(({ phase }) => phase.kind === 'progressing' || phase.kind === 'held');
        await shop.canary('promote', '--env', 'dev', '--full');
      }
      await ended;
    }
    await shop.until(({ phase }) => phase.kind === 'ended' && phase.verdict.kind === 'promoted');
    const old = await shop.canary('verify', first, '--env', 'dev', '--json');
    assert.deepEqual(
      JSON.parse(old.stdout).refusals.map(({ code }: { code: string }) => code),
      ['ROLLBACK'],
    );
    const back = await shop.canary('rollback', '--env', 'dev');
    assert.equal(back.code, 0, back.stderr);
    assert.equal(await versionOf(shop.url), '1.0.0');
    const attested = await shop.until(({ attestation }) => attestation.attested?.result === 'FAILED');
    assert.equal(attested.candidate.name, '1.1.0');
    const verified = await shop.canary('verify', second, '--env', 'staging', '--json');
    const codes = JSON.parse(verified.stdout).refusals.map(({ code }: { code: string }) => code);
    assert.ok(codes.includes('VSA_POLICY'), verified.stdout);
  });

  it('that waits for a second person is left to people', async (t) => {
    const shop = await imageProject(t);
    const image = await build(shop, '1.0.0');
    const broken = ['--break-glass', '--note', 'the scanner is down', '--leave-when-held'];
    assert.equal((await shop.canary('deploy', '--env', 'dev', '--image', image, ...broken)).code, 3);
  });

  it('breaks the glass with two people and a reason, and its verdict says so', async (t) => {
    const shop = await imageProject(t);
    const image = await build(shop, '1.0.0');
    const without = ['deploy', '--env', 'dev', '--image', image, '--break-glass'];
    assert.equal((await shop.canary(...without)).code, 2);
    const deployed = shop.start(...without, '--note', 'the scanner is down', '--json');
    const { id } = await shop.until(({ waitingFor }) => waitingFor.length > 0);
    assert.equal((await shop.as('ann', 'approve', id)).code, 4);
    assert.equal((await shop.as('bob', 'approve', id)).code, 0);
    const { code, stdout } = await deployed.ended;
    assert.equal(code, 0, stdout);
    const tooLate = await shop.as('bob', 'approve', id);
    assert.equal(tooLate.code, 4);
    assert.match(tooLate.stderr, /has ended: promoted/);
    const releases = await shop.canary('releases');
    assert.match(releases.stdout, /supply chain overruled by ann \(the scanner is down\) and bob/);
    assert.equal(JSON.parse(stdout).overrides[0].allowed.by, 'bob');
    const verified = await shop.canary('verify', image, '--env', 'staging');
    assert.match(verified.stdout, /overruled there: supply chain, by ann and bob/);
  });
});
