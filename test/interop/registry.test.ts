import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { z } from 'zod';
import { systemClock } from '../../src/clock/system-clock.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import { parseManifest } from '../../src/supply-chain/oci/manifest.ts';
import { MEDIA_TYPES } from '../../src/supply-chain/oci/media-types.ts';
import { readAll } from '../../src/supply-chain/oci/read-all.ts';
import type { ImageRepository } from '../../src/supply-chain/oci/repository.ts';
import { anonymous } from '../../src/supply-chain/registry/client/credentials.ts';
import { registryRepository } from '../../src/supply-chain/registry/client/registry-repository.ts';
import { startRegistry } from '../../src/supply-chain/registry/server/registry-server.ts';
import { repositoryContract } from '../contracts/repository-contract.ts';
import { attach, putImage } from './image.ts';
import { debianRegistry, temporaryDirectory, use, without } from './tools.ts';

const ARTIFACT = 'application/vnd.example.note';
const clock = systemClock();
const discovered = z.object({ manifests: z.array(z.object({ digest: z.string() })) });

/** The registries that the tools are used with: ours, with referrers; Debian's, which has the fallback tag only. */
const REGISTRIES = [
  { what: 'our registry', tools: [], start: ourRegistry },
  { what: 'docker-registry', tools: ['docker-registry'], start: debianRegistry },
];

async function ourRegistry(t: TestContext): Promise<string> {
  const directory = temporaryDirectory(t);
  const running = await startRegistry({ directory, port: 0, clock, pageSize: 1 });
  t.after(() => running[Symbol.asyncDispose]());
  return running.address;
}

function clientOf(registry: string, repository = 'team/podinfo'): ImageRepository {
  return registryRepository({ registry, repository }, { credentialsFor: anonymous, clock });
}

const noDebian = without('docker-registry');
if (noDebian === false) {
  repositoryContract("Debian's docker-registry", async (t) => clientOf(await debianRegistry(t)));
} else {
  describe("Debian's docker-registry", () => {
    it('is a repository of images', { skip: noDebian });
  });
}

describe('skopeo', () => {
  it(
    'pushes a layout to our registry and pulls it, digest by digest',
    { skip: without('skopeo') },
    async (t) => {
      const registry = await ourRegistry(t);
      const directory = temporaryDirectory(t);
      const layout = layoutRepository('layout', path.join(directory, 'image'));
      const { digest, bytes } = await putImage(layout, '1.0.0');
      const there = `docker://${registry}/team/podinfo:1.0.0`;

      await use(directory, `skopeo --insecure-policy copy --dest-tls-verify=false oci:image:1.0.0 ${there}`);
      const repository = clientOf(registry);
      assert.equal(await repository.resolve('1.0.0'), digest);
      assert.equal(Buffer.compare((await repository.manifest(digest)).bytes, bytes), 0);
      assert.equal(
        JSON.parse(await use(directory, `skopeo inspect --tls-verify=false ${there}`)).Digest,
        digest,
      );

      await use(directory, `skopeo --insecure-policy copy --src-tls-verify=false ${there} oci:back:1.0.0`);
      assert.equal(await layoutRepository('back', path.join(directory, 'back')).resolve('1.0.0'), digest);
    },
  );

  it(
    'reads what our client pushed, from any registry',
    { skip: without('skopeo', 'docker-registry') },
    async (t) => {
      for (const { start } of REGISTRIES) {
        const registry = await start(t);
        const { digest } = await putImage(clientOf(registry), '1.0.0');
        const inspect = `skopeo inspect --tls-verify=false docker://${registry}/team/podinfo:1.0.0`;
        assert.equal(JSON.parse(await use(temporaryDirectory(t), inspect)).Digest, digest);
      }
    },
  );
});

for (const { what, tools, start } of REGISTRIES) {
  describe(`oras with ${what}`, () => {
    it('attaches what our client finds', { skip: without('oras', ...tools) }, async (t) => {
      const registry = await start(t);
      const directory = temporaryDirectory(t);
      const repository = clientOf(registry);
      const { digest } = await putImage(repository, '1.0.0');
      const image = `${registry}/team/podinfo@${digest}`;
      for (const name of ['one', 'two', 'three']) {
        writeFileSync(path.join(directory, name), `a note: ${name}`);
        await use(directory, `oras attach --plain-http --artifact-type ${ARTIFACT} ${image} ${name}`);
      }
      const found = await repository.referrers(digest);
      assert.deepEqual(
        found.map(({ artifactType }) => artifactType),
        [ARTIFACT, ARTIFACT, ARTIFACT],
      );
      const listed = discovered.parse(
        JSON.parse(await use(directory, `oras discover --plain-http --format json ${image}`)),
      );
      assert.deepEqual(digestsOf(found), digestsOf(listed.manifests));
    });

    it('finds what our client attached', { skip: without('oras', ...tools) }, async (t) => {
      const registry = await start(t);
      const repository = clientOf(registry);
      const image = await putImage(repository, '1.0.0');
      const attached = await attach(repository, image, ARTIFACT);
      const reference = `${registry}/team/podinfo@${image.digest}`;
      const discover = `oras discover --plain-http --format json --artifact-type ${ARTIFACT} ${reference}`;
      const listed = discovered.parse(JSON.parse(await use(temporaryDirectory(t), discover)));
      assert.deepEqual(digestsOf(listed.manifests), new Set([attached]));
    });
  });

  describe(`cosign with ${what}`, () => {
    it('attests what our client finds, and verifies it', { skip: without('cosign', ...tools) }, async (t) => {
      const registry = await start(t);
      const directory = temporaryDirectory(t);
      const repository = clientOf(registry);
      const { digest } = await putImage(repository, '1.0.0');
      const image = `${registry}/team/podinfo@${digest}`;
      const type = '--type https://example.com/note/v1';
      writeFileSync(path.join(directory, 'predicate.json'), '{"note":"by cosign"}');
      await use(directory, 'cosign generate-key-pair');
      await use(
        directory,
        `cosign attest --key cosign.key --predicate predicate.json ${type} --new-bundle-format
          --use-signing-config=false --tlog-upload=false --yes --allow-http-registry ${image}`,
      );

      const [attached, ...more] = await repository.referrers(digest);
      assert.ok(attached !== undefined && more.length === 0);
      const [bundle] = parseManifest(await repository.manifest(attached.digest)).layers;
      assert.equal(bundle?.mediaType, MEDIA_TYPES.bundle);
      const document = JSON.parse(String(await readAll(repository.blob(bundle), 1_000_000, 'the bundle')));
      const statement = JSON.parse(Buffer.from(document.dsseEnvelope.payload, 'base64').toString('utf8'));
      assert.equal(`sha256:${statement.subject[0].digest.sha256}`, digest);

      const verify = `cosign verify-attestation --key cosign.pub ${type} --insecure-ignore-tlog`;
      await use(directory, `${verify} --allow-http-registry ${image}`);
    });
  });
}

function digestsOf(manifests: readonly { readonly digest: string }[]): ReadonlySet<string> {
  return new Set(manifests.map(({ digest }) => digest));
}
