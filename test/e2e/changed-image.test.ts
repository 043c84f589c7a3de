import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { sayReason } from '../../src/core/reason.ts';
import { statusOf } from '../../src/core/rollout.ts';
import { buildAndSign, imageProject } from './images.ts';
import { eventually, type Project, versionOf } from './project.ts';

const MAIN = 'app/src/main.ts';
const CHANGED = '// somebody was here\n';

/** The target's directory in dev. */
const targetOf = ({ directory }: Project) => path.join(directory, '.canary/local/shop-dev-web');
const hexOf = (image: string) => image.split('@sha256:')[1] ?? '';
const placeOf = (shop: Project, image: string) => path.join(targetOf(shop), 'images', hexOf(image));

/** Changes a file of an unpacked image, and the line of the record that speaks of it. */
function change(shop: Project, image: string): void {
  const place = placeOf(shop, image);
  const file = path.join(place, 'rootfs', MAIN);
  const content = `${CHANGED}${readFileSync(file, 'utf8')}`;
  writeFileSync(file, content);
  const record = path.join(place, 'tree.jsonl');
  const lines = readFileSync(record, 'utf8').split('\n');
  const changed = lines.map((line) => {
    if (!line.includes(`"path":"${MAIN}"`)) return line;
    const sha256 = createHash('sha256').update(content).digest('hex');
    return JSON.stringify({ ...JSON.parse(line), size: Buffer.byteLength(content), sha256 });
  });
  writeFileSync(record, changed.join('\n'));
}

const proxyState = z.object({
  kept: z.array(
    z.object({
      release: z.object({ digest: z.string() }),
      instances: z.array(z.object({ identity: z.object({ pid: z.int() }) }).nullable()),
    }),
  ),
});

/** Ends that many processes of the image, all of them by default. */
function kill(shop: Project, image: string, count?: number): void {
  const state = proxyState.parse(JSON.parse(readFileSync(path.join(targetOf(shop), 'proxy.json'), 'utf8')));
  const kept = state.kept.filter(({ release }) => release.digest === `sha256:${hexOf(image)}`);
  const instances = kept.flatMap((each) => each.instances.flatMap((instance) => instance ?? []));
  for (const { identity } of instances.slice(0, count)) process.kill(identity.pid, 'SIGKILL');
}

/** Changes every layer in the built-in registry; returns how to put them back. */
function spoilLayers(shop: Project): () => void {
  const blobs = path.join(shop.directory, '.canary/registry/shop/blobs/sha256');
  const layers = readdirSync(blobs)
    .map((name) => path.join(blobs, name))
    .map((file) => ({ file, bytes: readFileSync(file) }))
    .filter(({ bytes }) => bytes[0] === 0x1f && bytes[1] === 0x8b);
  assert.ok(layers.length > 0);
  for (const { file, bytes } of layers) {
    writeFileSync(file, bytes.with(bytes.length - 9, (bytes.at(-9) ?? 0) ^ 1));
  }
  return () => {
    for (const { file, bytes } of layers) writeFileSync(file, bytes);
  };
}

const status = z.object({
  troubles: z.array(
    z.object({
      target: z.string(),
      release: z.string(),
      digest: z.string(),
      healthy: z.int(),
      trouble: z.string(),
      remedy: z.string(),
    }),
  ),
});

async function troublesOf(shop: Project) {
  const { stdout } = await shop.canary('status', '--env', 'dev', '--json');
  return status.parse(JSON.parse(stdout)).troubles;
}

async function deploy(shop: Project, image: string) {
  return shop.canary('deploy', '--env', 'dev', '--image', image, '--json');
}

/** Two releases, the second of which was promoted a moment ago. */
async function promoted(shop: Project): Promise<{ readonly first: string; readonly second: string }> {
  const [first, second] = [await buildAndSign(shop, '1.0.0'), await buildAndSign(shop, '1.1.0')];
  assert.equal((await deploy(shop, first)).code, 0);
  const deployed = deploy(shop, second);
  await shop.until(({ phase }) => phase.kind === 'progressing' && phase.stage === 'holding');
  await shop.canary('promote', '--env', 'dev', '--full');
  assert.equal((await deployed).code, 0);
  return { first, second };
}

describe('an image whose unpacked files were changed', { concurrency: false }, () => {
  it('is told of by status, not believed with its own record, and brought anew by up or deploy', async (t) => {
    const shop = await imageProject(t);
    const image = await buildAndSign(shop, '1.0.0');
    assert.equal((await deploy(shop, image)).code, 0);
    change(shop, image);
    kill(shop, image);
    await eventually(async () => (await troublesOf(shop)).length === 1);
    const [trouble] = await troublesOf(shop);
    assert.deepEqual(
      [trouble?.target, trouble?.release, trouble?.digest, trouble?.healthy],
      ['web', '1.0.0', `sha256:${hexOf(image)}`, 0],
    );
    assert.match(trouble?.trouble ?? '', /tree\.jsonl, was changed/);
    assert.ok(trouble?.remedy.includes(`\`canary up\` brings it anew from ${image}`), trouble?.remedy);
    const said = await shop.canary('status', '--env', 'dev');
    assert.match(
      said.stdout.replaceAll(/\s+/g, ' '),
      /0 of 2 processes of 1\.0\.0 are healthy on web.*to do:/,
    );

    const putBack = spoilLayers(shop);
    const refused = await shop.canary('up', '--env', 'dev');
    assert.equal(refused.code, 5, refused.stdout);
    assert.match(refused.stdout, /1\.0\.0 is not up: .*was changed.*could not be brought anew: .*sha256:/);
    assert.ok(readFileSync(path.join(placeOf(shop, image), 'rootfs', MAIN), 'utf8').startsWith(CHANGED));
    putBack();
    const up = await shop.canary('up', '--env', 'dev');
    assert.equal(up.code, 0, up.stdout);
    assert.equal(await versionOf(shop.url), '1.0.0');
    const aside = (count: number) =>
      readFileSync(path.join(`${placeOf(shop, image)}.changed-${count}`, 'rootfs', MAIN), 'utf8');
    assert.ok(aside(1).startsWith(CHANGED));
    assert.ok(!readFileSync(path.join(placeOf(shop, image), 'rootfs', MAIN), 'utf8').startsWith(CHANGED));
    assert.deepEqual(await troublesOf(shop), []);

    change(shop, image);
    kill(shop, image);
    await eventually(async () => (await troublesOf(shop)).length === 1);
    const again = await deploy(shop, image);
    assert.equal(again.code, 0, again.stdout);
    assert.match(again.stdout, /1\.0\.0 is stable already/);
    assert.equal(await versionOf(shop.url), '1.0.0');
    assert.ok(aside(2).startsWith(CHANGED));
  });

  it('goes home as a candidate when the first of its processes is gone, and is not blamed', async (t) => {
    const shop = await imageProject(t);
    const [first, second] = [await buildAndSign(shop, '1.0.0'), await buildAndSign(shop, '1.1.0')];
    assert.equal((await deploy(shop, first)).code, 0);
    const load = shop.load();
    const deployed = deploy(shop, second);
    await shop.until(({ phase }) => phase.kind === 'progressing' && phase.stage === 'holding');
    change(shop, second);
    kill(shop, second, 1);
    const { code, stdout } = await deployed;
    await load.stop();
    assert.notEqual(code, 0);
    const { verdict, reasons } = z
      .object({ verdict: z.string(), reasons: z.array(z.object({ code: z.string(), text: z.string() })) })
      .parse(JSON.parse(stdout));
    assert.deepEqual([verdict, reasons.map((reason) => reason.code)], ['aborted', ['does-not-start']]);
    assert.match(reasons[0]?.text ?? '', /does not start on web: .*was changed/);
    assert.equal(await versionOf(shop.url), '1.0.0');
    const { blocked } = JSON.parse((await shop.canary('status', '--env', 'dev', '--json')).stdout);
    assert.deepEqual(blocked, []);
    await eventually(() =>
      readdirSync(path.join(targetOf(shop), 'images')).includes(`${hexOf(second)}.changed-1`),
    );
  });

  it('and is rolled back to gets no users before it was brought anew; until then they stay', async (t) => {
    const shop = await imageProject(t);
    const { first } = await promoted(shop);
    change(shop, first);
    kill(shop, first);
    const putBack = spoilLayers(shop);
    await eventually(async () => (await troublesOf(shop)).some(({ release }) => release === '1.0.0'));
    const load = shop.load();
    const back = shop.start('rollback', '--env', 'dev', '--json');
    const waiting = await shop.until(
      ({ phase, waitingFor }) =>
        phase.kind === 'rolling-back' && /could not be brought anew/.test(waitingFor.map(sayReason).join()),
    );
    assert.equal(statusOf(waiting), 'rolling-back');
    assert.match(waiting.waitingFor.map(sayReason).join(), /did not follow.*was changed.*sha256:/);
    assert.equal(await versionOf(shop.url), '1.1.0');
    putBack();
    const { code, stdout } = await back.ended;
    assert.equal(code, 0, stdout);
    assert.equal(await versionOf(shop.url), '1.0.0');
    await load.stop();
    assert.deepEqual([load.served().lost, load.served().failed], [0, 0]);
  });
});
