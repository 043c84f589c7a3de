import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { imageSbom, type ImageSbom, SBOM_PREDICATE } from '../../supply-chain/sbom/image-sbom.ts';
import { attach, isToBeAttached } from '../attach.ts';
import { type CommandInput, type CommandRun, textOption } from '../command.ts';
import { EXIT_CODES, Refusal } from '../exit-code.ts';
import { openImage } from '../image.ts';
import { VERSION } from '../../version.ts';
import { paint } from '../view/format.ts';

/** Makes the bill of materials of an image, and attaches it to the image. */
export const run: CommandRun = async (input) => {
  const { output } = input;
  const image = await openImage(input);
  const { repository, digest } = image;
  const sbom = await imageSbom(repository, digest, { toolVersion: VERSION });
  const file = write(input, sbom.bytes);
  output.line(paint('bold', `${repository.name}@${digest}`));
  for (const line of describe(sbom)) output.line(line);
  if (file !== null) output.line(`Written to ${file}.`);
  const attached = isToBeAttached(input)
    ? await attach(input, image, { predicateType: SBOM_PREDICATE, predicate: sbom.document })
    : null;
  output.json({ image: { repository: repository.name, digest }, file, attached, sbom: sbom.document });
  return EXIT_CODES.done;
};

function write(input: CommandInput, bytes: Buffer): string | null {
  const file = textOption(input, 'output');
  if (file === undefined) return null;
  try {
    writeFileSync(path.resolve(input.directory, file), bytes);
    return file;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal(`The bill of materials cannot be written to ${file}: ${why}`, { cause });
  }
}

function describe({ components, unreadable }: ImageSbom): readonly string[] {
  const byKind = Map.groupBy(
    components,
    ({ purl }) => /^pkg:([a-z]+)\//.exec(purl ?? '')?.[1] ?? 'distribution',
  );
  const lines = [...byKind].map(([kind, same]) => {
    const names = same.map(({ name, version }) => (version === null ? name : `${name} ${version}`));
    if (kind === 'distribution' || kind === 'generic') return `  ${kind}: ${names.join(', ')}`;
    return `  ${kind}: ${same.length === 1 ? '1 package' : `${same.length} packages`}`;
  });
  const gaps = unreadable.map(({ path: place, why }) => paint('yellow', `! /${place} is not in it: ${why}.`));
  const none = components.length === 0 ? ['  nothing that is known: no packages, no programs'] : [];
  return [...lines, ...none, ...gaps];
}
