import { z } from 'zod';
import { SupplyChainError } from '../error.ts';
import { digest } from './descriptor.ts';

const words = z.array(z.string()).nullable().exactOptional();

/** The parts of an image's configuration that matter for building, checking and running it. */
const imageConfig = z.object({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().exactOptional(),
  created: z.string().exactOptional(),
  config: z
    .object({
      User: z.string().exactOptional(),
      Env: words,
      Entrypoint: words,
      Cmd: words,
      WorkingDir: z.string().exactOptional(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullable().exactOptional(),
      Labels: z.record(z.string(), z.string()).nullable().exactOptional(),
      StopSignal: z.string().exactOptional(),
    })
    .nullable()
    .exactOptional(),
  rootfs: z.object({ type: z.literal('layers'), diff_ids: z.array(digest) }),
  history: z
    .array(
      z.object({
        created: z.string().exactOptional(),
        created_by: z.string().exactOptional(),
        comment: z.string().exactOptional(),
        empty_layer: z.boolean().exactOptional(),
      }),
    )
    .exactOptional(),
});

export type ImageConfig = z.infer<typeof imageConfig>;

/** Reads an image's configuration. Throws `MALFORMED_IMAGE`. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  try {
    return imageConfig.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    const detail = cause instanceof z.ZodError ? z.prettifyError(cause) : 'it is no JSON';
    throw new SupplyChainError('MALFORMED_IMAGE', `the configuration of the image is malformed: ${detail}`, {
      cause,
    });
  }
}
