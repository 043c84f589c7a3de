import { z } from 'zod';

/** CycloneDX, as far as the policy wants to know. */
export const cyclonedxPredicate = z
  .object({
    bomFormat: z.literal('CycloneDX'),
    specVersion: z.string().max(16),
    components: z.array(z.unknown()).default([]),
  })
  .transform(({ specVersion, components }) => ({
    kind: 'sbom' as const,
    format: `CycloneDX ${specVersion}`,
    components: components.length,
  }));

/** SPDX 2. */
export const spdxPredicate = z
  .object({ spdxVersion: z.string().max(16), packages: z.array(z.unknown()).default([]) })
  .transform(({ spdxVersion, packages }) => ({
    kind: 'sbom' as const,
    format: spdxVersion,
    components: packages.length,
  }));
