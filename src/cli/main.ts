import os from 'node:os';
import { Command } from 'commander';
import type { CommandInput, CommandSpec, OptionSpec } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT_CODES, exitCodeOfError } from './exit-code.ts';
import { CONFIG, JSON_OUTPUT } from './options.ts';
import { processOutput } from './output.ts';
import { SupplyChainError } from '../supply-chain/error.ts';
import { VERSION } from '../version.ts';

const program = new Command('canary')
  .description('Canary rollouts that are judged by evidence and roll themselves back.')
  .version(VERSION)
  .showHelpAfterError('(canary --help shows the commands)')
  .configureHelp({ sortSubcommands: false })
  .addHelpText('after', sayExitCodes());

// Whoever reads may stop at any time (`canary status | head -1`). That is no reason to leave a rollout.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// Before the commands, which take it over.
program.exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage));
for (const spec of COMMANDS) addCommand(program, spec);
await program.parseAsync();

function addCommand(parent: Command, spec: CommandSpec): void {
  const command = parent
    .command(spec.name)
    .summary(spec.summary)
    .description(spec.description ?? sentence(spec.summary))
    .showHelpAfterError(`(canary ${spec.name} --help shows what it takes)`);
  for (const { name, description, isOptional } of spec.args ?? []) {
    command.argument(isOptional === true ? `[${name}]` : `<${name}>`, description);
  }
  for (const option of [...(spec.options ?? []), CONFIG, JSON_OUTPUT]) addOption(command, option);
  if (spec.examples !== undefined) {
    const lines = spec.examples.map(({ line, does }) => `  ${line}\n      ${does}`);
    command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  }
  command.action(() => run(spec, command));
}

function addOption(command: Command, { flags, description, isRepeatable }: OptionSpec): void {
  if (isRepeatable !== true) command.option(flags, description);
  else
    command.option(flags, description, (value: string, before?: readonly string[]) => [
      ...(before ?? []),
      value,
    ]);
}

async function run(spec: CommandSpec, command: Command): Promise<void> {
  const options = command.opts<CommandInput['options']>();
  const output = processOutput(options['json'] === true);
  try {
    const { run: runCommand } = await spec.load();
    const actor = process.env['GITHUB_ACTOR'] ?? '';
    const user = actor.trim() === '' ? userName() : actor;
    process.exitCode = await runCommand({
      args: command.args,
      options,
      output,
      directory: process.cwd(),
      user,
    });
  } catch (error) {
    const code =
      error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'failed';
    output.problem(messageOf(error), code);
    process.exitCode = exitCodeOfError(error);
  }
}

/** In a container the user may have a number only. */
function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** What people can act on. A bug shows its stack, as nobody can act on it without. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExpected = exitCodeOfError(error) !== EXIT_CODES.failed || 'code' in error;
  if (!isExpected) return error.stack ?? error.message;
  return error instanceof SupplyChainError ? sentence(error.message) : error.message;
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}${/[.!?]$/.test(summary) ? '' : '.'}`;
}

function sayExitCodes(): string {
  return `
Exit codes:
  0  done; of a rollout: promoted
  1  rolled back, aborted or rejected
  2  command line or configuration is wrong; nothing was done
  3  held or paused: left to a person
  4  not possible as things stand; nothing was done
  5  something that canary needs failed
`;
}
