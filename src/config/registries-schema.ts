import { z } from 'zod';
import { BUILT_IN } from '../supply-chain/oci/reference.ts';
import { isImageName } from './exact.ts';

const host = z.string().refine(isHost, {
  error:
    'must be the exact name or address of one host, in small letters and without a port: "minio.example.internal", "10.0.0.7"; patterns are not supported',
});

const registry = z.strictObject({
  privateHosts: z
    .array(host)
    .min(1)
    .exactOptional()
    .describe(
      'Hosts in a private network that this registry may send us to, such as its storage or its token server: exact names, for all ports. The registry itself may be in a private network anyway. Addresses of this machine and link-local ones, with the metadata services of clouds, stay out of reach.',
    ),
});

/** How registries are used, by the name that images give them. */
export const registriesSchema = z.record(z.string(), registry).superRefine((registries, context) => {
  for (const name of Object.keys(registries)) {
    if (isRegistry(name)) continue;
    const message =
      'must be named by a registry as images name it, host or host:port, such as "harbor.example.internal"';
    context.addIssue({ code: 'custom', path: [name], message });
  }
});

export type Registries = Readonly<Record<string, z.infer<typeof registry>>>;

function isRegistry(text: string): boolean {
  return text !== BUILT_IN && !text.includes('/') && isImageName(`${text}/image`);
}

const HOST = /^(?:[a-z0-9.-]+|\[[0-9a-f:]+\])$/;

/** As it is compared: in the form that addresses of the web give it. */
function isHost(text: string): boolean {
  const url = `https://${text}`;
  return HOST.test(text) && URL.canParse(url) && new URL(url).hostname === text;
}
