import { cp, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { buildBase, type Buildah } from './buildah.ts';
import { compilePodinfo } from './compiled.ts';

const REPOSITORY = path.join(import.meta.dirname, '../..');
/** Time of everything in the image, in seconds since 1970. */
const EPOCH = '1795262400';

const indexSchema = z.object({
  manifests: z.tuple([z.object({ mediaType: z.string(), digest: z.string() })]),
});
const manifestSchema = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ mediaType: z.string() })),
});
const configSchema = z.object({
  config: z.object({
    User: z.string(),
    Env: z.array(z.string()),
    Entrypoint: z.tuple([z.string()], z.string()),
    Labels: z.record(z.string(), z.string()),
  }),
});

/** An image as it would be in a registry. */
export interface PushedImage {
  readonly mediaType: string;
  readonly digest: string;
  readonly layers: readonly { readonly mediaType: string }[];
  readonly config: z.infer<typeof configSchema>['config'];
}

/** Builds the image of podinfo by its Dockerfile. */
export interface ImageBuilder {
  /** What the build gets to see. */
  readonly context: string;
  /** The base, by digest. */
  readonly base: string;
  build(tag: string, base: string): Promise<void>;
  push(tag: string): Promise<PushedImage>;
  /** Unpacks what was built; returns the directory that stands for `/`. */
  mount(tag: string): Promise<string>;
}

/** Compiles podinfo, and makes a base for it. */
export async function imageBuilder(tool: Buildah): Promise<ImageBuilder> {
  const { directory, buildah } = tool;
  const context = path.join(directory, 'context');
  const dockerfile = path.join(context, 'podinfo/Dockerfile');
  await using compiled = await compilePodinfo();
  await mkdir(path.join(context, 'podinfo'), { recursive: true });
  await cp(compiled.directory, path.join(context, 'dist/podinfo'), { recursive: true });
  for (const name of ['Dockerfile', 'Dockerfile.dockerignore', 'image']) {
    await cp(path.join(REPOSITORY, 'podinfo', name), path.join(context, 'podinfo', name), {
      recursive: true,
    });
  }
  const base = await buildBase(tool);

  return {
    context,
    base,
    async build(tag, from) {
      const options = {
        isolation: 'chroot',
        timestamp: EPOCH,
        ignorefile: `${dockerfile}.dockerignore`,
        file: dockerfile,
        tag: `localhost/podinfo:${tag}`,
      };
      const facts = { BASE: from, VERSION: '1.2.3', REVISION: 'abc', SOURCE: 'https://example.com' };
      await buildah(
        'build-using-dockerfile',
        '--quiet',
        '--pull-never',
        ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
        ...Object.entries(facts).map(([name, value]) => `--build-arg=${name}=${value}`),
        context,
      );
    },
    async push(tag) {
      const layout = path.join(directory, `layout-${tag}`);
      await buildah('push', '--quiet', `localhost/podinfo:${tag}`, `oci:${layout}:${tag}`);
      const [{ mediaType, digest }] = indexSchema.parse(await readJson(layout, 'index.json')).manifests;
      const manifest = manifestSchema.parse(await readBlob(layout, digest));
      const { config } = configSchema.parse(await readBlob(layout, manifest.config.digest));
      return { mediaType, digest, layers: manifest.layers, config };
    },
    async mount(tag) {
      return buildah('mount', await buildah('from', '--pull-never', `localhost/podinfo:${tag}`));
    },
  };
}

function readBlob(layout: string, digest: string): Promise<unknown> {
  return readJson(layout, path.join('blobs', digest.replace(':', '/')));
}

async function readJson(layout: string, file: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(layout, file), 'utf8'));
}
