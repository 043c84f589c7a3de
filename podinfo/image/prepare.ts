import { chmodSync, copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * The step of the image build that looks after what goes in. It runs in the base image itself, with its Node.js, so that
 * no other image is needed. `prepare.ts FROM TO` refuses a base, in BASE, that is not named by digest, and copies the
 * compiled program so that every user may read it: Lambda does not say as which one it runs.
 */
const [, , from = '', to = ''] = process.argv;
const base = process.env['BASE'] ?? '';

if (!/^[^@\s]+@sha256:[0-9a-f]{64}$/.test(base)) {
  refuse(
    `BASE must name an image by the digest of its manifest, registry/repository@sha256:…, not ${JSON.stringify(base)}. ` +
      'podinfo/base-image.json has it; docs/supply-chain/one-image.md says how it gets there.',
  );
}
copyDirectory(from, to);

function copyDirectory(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const file = path.join(source, entry.name);
    const copy = path.join(target, entry.name);
    if (entry.isDirectory()) copyDirectory(file, copy);
    else if (entry.isFile() && /\.(js|json|html)$/.test(entry.name)) {
      copyFileSync(file, copy);
      chmodSync(copy, 0o644);
    } else refuse(`${file} is not a part of the compiled program; run npm run build in a clean directory.`);
  }
  chmodSync(target, 0o755);
}

function refuse(why: string): never {
  process.stderr.write(`The image is not built: ${why}\n`);
  process.exit(1);
}
