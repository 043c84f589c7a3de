import { controlParagraphs } from './control-paragraphs.ts';
import { type License, licenseOf } from './license.ts';

/**
 * The licenses that a package's copyright file names, in order, each once. Only files in the machine-readable form
 * (copyright-format 1.0) say; of others nothing is guessed.
 */
export function parseDebianLicenses(text: string): readonly License[] {
  const paragraphs = controlParagraphs(text);
  if (paragraphs[0]?.has('format') !== true) return [];
  const names = paragraphs.flatMap((fields) => fields.get('license') ?? []);
  return [...new Set(names)].toSorted().flatMap((name) => licenseOf(name) ?? []);
}
