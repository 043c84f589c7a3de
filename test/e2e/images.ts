import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { z } from 'zod';
import { freePort, project, ROOT, type Project } from './project.ts';

/** An advisory about one invented package, so that there is something to be asked. */
const ADVISORY = {
  schema_version: '1.6.0',
  id: 'TEST-2026-0001',
  summary: 'colours may be read as numbers',
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
  affected: [
    {
      package: { ecosystem: 'npm', name: 'paint-by-numbers' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
    },
  ],
};

/** A project whose releases are images of podinfo, with dev and, behind an approval, staging. */
export async function imageProject(t: TestContext): Promise<Project> {
  const shop = await project(t);
  const staging = await freePort();
  shop.configure(({ service, environments }) => ({
    service,
    supplyChain: {},
    environments: environments.flatMap((dev) => [
      { ...dev, env: { VERSION: '{release}', LOG_LEVEL: 'warn' } },
      {
        ...dev,
        name: 'staging',
        approval: {},
        env: { VERSION: '{release}', LOG_LEVEL: 'warn' },
        targets: dev.targets.map((target) => ({ ...target, listen: staging })),
      },
    ]),
  }));
  const advisories = path.join(shop.directory, '.canary/advisories');
  mkdirSync(advisories, { recursive: true });
  const modified = new Date().toISOString();
  writeFileSync(path.join(advisories, 'TEST-2026-0001.json'), JSON.stringify({ ...ADVISORY, modified }));
  return shop;
}

/** Builds podinfo as an image of that version, and only that. Returns its name with the digest. */
export async function build(shop: Project, version: string, directory = 'podinfo'): Promise<string> {
  const push = `registry/shop:${version}`;
  const { stdout, stderr } = await shop.canary(
    'build',
    path.resolve(ROOT, directory),
    '--push',
    push,
    '--release',
    version,
    '--json',
  );
  if (stdout === '') throw new Error(stderr);
  return z.object({ image: z.string() }).parse(JSON.parse(stdout)).image;
}

/** Builds it, and attaches everything to it that is asked for by default. */
export async function buildAndSign(shop: Project, version: string, directory?: string): Promise<string> {
  const image = await build(shop, version, directory);
  for (const command of ['sbom', 'scan', 'sign']) {
    const { code, stderr } = await shop.canary(command, image);
    if (code !== 0) throw new Error(`${command}: ${stderr}`);
  }
  return image;
}

const index = z.object({ manifests: z.array(z.object({ digest: z.string() }).loose()) }).loose();

/** Takes what has these digests out of the built-in registry, as somebody could who may write there; returns how to put it back. */
export function withhold(shop: Project, digests: readonly string[]): () => void {
  const file = path.join(shop.directory, '.canary/registry/shop/index.json');
  const before = readFileSync(file, 'utf8');
  const { manifests, ...rest } = index.parse(JSON.parse(before));
  const left = manifests.filter(({ digest }) => !digests.includes(digest));
  writeFileSync(file, JSON.stringify({ ...rest, manifests: left }));
  return () => writeFileSync(file, before);
}
