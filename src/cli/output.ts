import { printablePage } from '../core/printable.ts';

/** Where a command says things: lines for people, or with `--json` one document for programs. */
export interface Output {
  readonly isJson: boolean;
  /** Whether a person watches, so that the screen can be redrawn. */
  readonly isLive: boolean;
  /** A line for people; nothing with `--json`. */
  line(text?: string): void;
  /** The result for programs; nothing without `--json`. */
  json(document: unknown): void;
  /** Something went wrong; always on standard error. */
  problem(text: string, code: string): void;
}

/** Speaks to the terminal or the pipe that the process was given. */
export function processOutput(isJson: boolean): Output {
  return {
    isJson,
    isLive:
      !isJson && process.stdout.isTTY && process.env['CI'] === undefined && process.env['TERM'] !== 'dumb',
    line(text = '') {
      if (!isJson) process.stdout.write(`${printablePage(text)}\n`);
    },
    json(document) {
      if (isJson) process.stdout.write(`${JSON.stringify(document)}\n`);
    },
    problem(text, code) {
      process.stderr.write(
        isJson ? `${JSON.stringify({ error: { code, message: text } })}\n` : `${printablePage(text)}\n`,
      );
    },
  };
}
