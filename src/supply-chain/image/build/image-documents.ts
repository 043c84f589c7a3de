import type { Digest } from '../../oci/digest.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import type { Platform } from '../platform.ts';

/** Says in which directory of an image the service is, on its own: what can be run without the rest of the image. */
export const APP_LABEL = 'org.canary-rollout.app';

/** A layer as the documents of an image name it. */
export interface NamedLayer {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly size: number;
  readonly history: NonNullable<ImageConfig['history']>[number];
}

export interface ConfigOptions {
  readonly platform: Platform;
  readonly created: Date;
  readonly layers: readonly NamedLayer[];
  /** What the base image says, of which everything is kept that is not said anew. */
  readonly base: NonNullable<ImageConfig['config']>;
  readonly entrypoint: readonly string[];
  readonly workingDirectory: string;
  readonly user: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number | null;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The configuration of an image: the same bytes for the same options. */
export function configDocument(options: ConfigOptions): Uint8Array {
  const { platform, created, layers, base, port } = options;
  const [os, architecture] = platform.split('/');
  const ports = { ...base.ExposedPorts, ...(port === null ? {} : { [`${port}/tcp`]: {} }) };
  return jsonOf({
    created: created.toISOString(),
    architecture,
    os,
    config: {
      User: options.user,
      ...(Object.keys(ports).length === 0 ? {} : { ExposedPorts: sorted(ports) }),
      Env: environmentOf(base.Env ?? [], options.environment),
      Entrypoint: options.entrypoint,
      WorkingDir: options.workingDirectory,
      Labels: sorted({ ...base.Labels, ...options.labels }),
      ...(base.StopSignal === undefined ? {} : { StopSignal: base.StopSignal }),
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ history }) => history),
  });
}

function environmentOf(base: readonly string[], own: Readonly<Record<string, string>>): readonly string[] {
  const inherited = base.map((line) => {
    const equals = line.indexOf('=');
    return [line.slice(0, equals), line.slice(equals + 1)] as const;
  });
  const all = { PATH, NODE_ENV: 'production', ...Object.fromEntries(inherited), ...own };
  return Object.entries(sorted(all)).map(([name, value]) => `${name}=${value}`);
}

export interface ManifestOptions {
  readonly config: { readonly digest: Digest; readonly size: number };
  readonly layers: readonly NamedLayer[];
  readonly annotations: Readonly<Record<string, string | null>>;
}

/** The manifest of an image for one platform: the same bytes for the same options. */
export function manifestDocument({ config, layers, annotations }: ManifestOptions): Uint8Array {
  const known = Object.entries(annotations).filter(([, value]) => value !== null);
  return jsonOf({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: { mediaType: MEDIA_TYPES.config, digest: config.digest, size: config.size },
    layers: layers.map(({ digest, size }) => ({ mediaType: MEDIA_TYPES.layer, digest, size })),
    annotations: sorted(Object.fromEntries(known)),
  });
}

function sorted<T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function jsonOf(document: object): Uint8Array {
  return Buffer.from(JSON.stringify(document));
}
