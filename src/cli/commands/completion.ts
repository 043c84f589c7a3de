import { ConfigError } from '../../config/problems.ts';
import type { CommandRun, CommandSpec } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { CONFIG, JSON_OUTPUT } from '../options.ts';
import { COMMANDS } from './index.ts';

/** Prints a script that completes commands and options; it is made from the table of commands. */
export const run: CommandRun = async ({ args, output }) => {
  const [shell = ''] = args;
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined)
    throw new ConfigError(
      'unknown-name',
      `There are completions for bash, zsh and fish, not for "${shell}".`,
    );
  output.line(script());
  output.json({ shell, script: script() });
  return EXIT_CODES.done;
};

const SCRIPTS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

function longFlags(spec: CommandSpec): readonly { flag: string; description: string }[] {
  return [...(spec.options ?? []), CONFIG, JSON_OUTPUT].flatMap(({ flags, description }) => {
    const flag = /--[\w-]+/.exec(flags)?.[0];
    return flag === undefined ? [] : [{ flag, description }];
  });
}

function bash(): string {
  const cases = COMMANDS.map(
    (spec) =>
      `    ${spec.name}) words="${longFlags(spec)
        .map(({ flag }) => flag)
        .join(' ')}" ;;`,
  );
  return `_canary() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="${COMMANDS.map(({ name }) => name).join(' ')}" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${COMMANDS.map(({ name }) => name).join(' ')}"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _canary canary`;
}

function zsh(): string {
  const commands = COMMANDS.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  const cases = COMMANDS.map((spec) => {
    const flags = longFlags(spec).map(
      ({ flag, description }) => `'${flag}[${quoted(description).replaceAll(/[[\]]/g, '')}]'`,
    );
    return `    ${spec.name}) _arguments ${flags.join(' ')} ;;`;
  });
  return `#compdef canary
_canary() {
  local -a commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command=$words[2]
  shift words; (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
compdef _canary canary`;
}

function fish(): string {
  const names = COMMANDS.map(({ name }) => name).join(' ');
  const lines = COMMANDS.flatMap((spec) => [
    `complete -c canary -f -n "not __fish_seen_subcommand_from ${names}" -a ${spec.name} -d '${quoted(spec.summary)}'`,
    ...longFlags(spec).map(
      ({ flag, description }) =>
        `complete -c canary -n "__fish_seen_subcommand_from ${spec.name}" -l ${flag.slice(2)} -d '${quoted(description)}'`,
    ),
  ]);
  return lines.join('\n');
}

function quoted(text: string): string {
  return text.replaceAll("'", '’');
}
