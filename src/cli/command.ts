import type { ExitCode } from './exit-code.ts';
import type { Output } from './output.ts';

/** One option of a command, as help, completion and the reference show it. */
export interface OptionSpec {
  /** As commander reads it: `-e, --env <name>`. */
  readonly flags: string;
  readonly description: string;
  /** Whether it may be given several times. */
  readonly isRepeatable?: boolean;
}

/** A command of `canary`. The table of these is what help, completion and the reference are made from. */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** More than the summary, for its help page. */
  readonly description?: string;
  readonly args?: readonly {
    readonly name: string;
    readonly description: string;
    readonly isOptional?: boolean;
  }[];
  readonly options?: readonly OptionSpec[];
  readonly examples?: readonly { readonly line: string; readonly does: string }[];
  /** Loaded only when the command is run, so that the others start fast. */
  readonly load: () => Promise<{ readonly run: CommandRun }>;
}

/** What a command is given. */
export interface CommandInput {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly output: Output;
  /** Directory it was started in. */
  readonly directory: string;
  /** Who started it. */
  readonly user: string;
}

export type CommandRun = (input: CommandInput) => Promise<ExitCode>;

/** The value of an option that takes one. */
export function textOption({ options }: CommandInput, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The values of an option that may be repeated. */
export function listOption({ options }: CommandInput, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

export function flag({ options }: CommandInput, name: string): boolean {
  return options[name] === true;
}
