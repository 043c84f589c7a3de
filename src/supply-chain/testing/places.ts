import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { layoutRepository } from '../layout/layout-repository.ts';
import { forge, type Forge } from './forge.ts';
import { startLocalSigstore, type LocalSigstore } from './local-sigstore.ts';

/** A forge over a new repository in a directory that goes when the test has ended. */
export function forgeHere(t: TestContext, name = 'registry/shop'): Forge {
  return forge(layoutRepository(name, path.join(directoryHere(t), 'shop')));
}

/** A new directory that goes when the test has ended. */
export function directoryHere(t: TestContext): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-evidence-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A Sigstore that stops when the test has ended. */
export async function sigstoreHere(t: TestContext): Promise<LocalSigstore> {
  const sigstore = await startLocalSigstore();
  t.after(() => sigstore.close());
  return sigstore;
}
