/** Text in lines of at most `width` characters, each but the first begun with `indent`. Words are not broken. */
export function wrap(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const room = width - (lines.length > 0 ? indent.length : 0);
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${indent}`);
}

const WIDEST = 120;

/** The same in the width of the terminal, for text that begins at this column. In a pipe or a log it stays on one line. */
export function wrapped(text: string, column: number): string {
  const { columns } = process.stdout;
  if (columns === undefined) return text;
  return wrap(text, Math.min(columns, WIDEST) - column, ' '.repeat(column));
}
