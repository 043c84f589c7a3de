import { createRequire } from 'node:module';
import { z } from 'zod';

const seeds = z.record(z.string(), z.object({ targets: z.record(z.string(), z.string()) }));

/** The trusted root of the public Sigstore instance, as the TUF client is shipped with it. */
export function publicGoodRoot(): unknown {
  const all = seeds.parse(createRequire(import.meta.url)('@sigstore/tuf/seeds.json'));
  const root = all['https://tuf-repo-cdn.sigstore.dev']?.targets['trusted_root.json'] ?? '';
  return JSON.parse(Buffer.from(root, 'base64').toString('utf8'));
}
