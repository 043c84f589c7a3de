/**
 * Writes to standard output, at most once per turn of the event loop: under load that is one system call for many lines.
 * What is left at the end is written when the process exits. When nobody reads any more, lines are lost and the service
 * goes on.
 */
export function standardOutput(): (line: string) => void {
  let pending = '';
  process.stdout.on('error', () => {});
  process.once('exit', flush);

  function flush(): void {
    if (pending === '') return;
    const lines = pending;
    pending = '';
    process.stdout.write(lines);
  }

  return (line) => {
    if (pending === '') setImmediate(flush);
    pending += line;
  };
}
