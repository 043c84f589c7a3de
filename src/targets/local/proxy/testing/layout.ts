import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Stored } from '../../unpacked.ts';

/**
 * An image with these layers in a layout inside the directory, and its blobs by their paths in the layout: manifest,
 * configuration, then layers.
 */
export function layoutIn(
  directory: string,
  layers: readonly string[],
): { readonly stored: Stored; readonly blobs: Readonly<Record<string, string>> } {
  const layout = path.join(directory, 'canary-image');
  const config = JSON.stringify({ made: 'for a test' });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: { digest: digestOf(config) },
    layers: layers.map((layer) => ({ digest: digestOf(layer) })),
  });
  const blobs = Object.fromEntries([manifest, config, ...layers].map((text) => [pathOf(text), text]));
  mkdirSync(path.join(layout, 'blobs/sha256'), { recursive: true });
  for (const [name, text] of Object.entries(blobs)) writeFileSync(path.join(layout, name), text);
  const stored = {
    kind: 'layout',
    image: digestOf(manifest),
    config: digestOf(config),
    directory: layout,
    user: '',
  } as const;
  return { stored, blobs };
}

function pathOf(text: string): string {
  return `blobs/${digestOf(text).replace(':', '/')}`;
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
