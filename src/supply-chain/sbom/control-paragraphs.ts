/** The fields of one paragraph. The first of two with the same name counts. */
export type Paragraph = ReadonlyMap<string, string>;

/**
 * Reads files in the form of Debian's control files (deb822): paragraphs between blank lines, and fields `Name: value`, of
 * which the first line is kept. Names are in lower case. What has another form is passed over.
 */
export function controlParagraphs(text: string): readonly Paragraph[] {
  return text
    .split(/\n[ \t\r]*(?:\n[ \t\r]*)+/)
    .map(paragraph)
    .filter((fields) => fields.size > 0);
}

function paragraph(text: string): Paragraph {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0 || /^\s/.test(line)) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    if (!fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}
