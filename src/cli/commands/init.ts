import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { configFilesIn } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import { type CommandInput, type CommandRun, flag, textOption } from '../command.ts';
import { EXIT_CODES, Refusal } from '../exit-code.ts';
import { askAnswers } from '../init/ask.ts';
import { checkAnswers } from '../init/check.ts';
import { findService, type Findings } from '../init/find.ts';
import { type Answers, configText, type Suggestion } from '../init/template.ts';

const FILE = 'canary.config.ts';
const MODULE = /\.m?[jt]s$/;

/** Writes a configuration for the project in this directory, from what it finds and what it is told. */
export const run: CommandRun = async (input) => {
  const name = textOption(input, 'config') ?? FILE;
  const file = path.resolve(input.directory, name);
  if (!MODULE.test(file)) {
    throw new ConfigError(
      'invalid',
      `init writes TypeScript: --config takes a file such as "${FILE}", not "${name}".`,
    );
  }
  const other = configFilesIn(input.directory).find((each) => each !== FILE);
  if (name === FILE && other !== undefined) {
    throw new Refusal(`${other} is there already, and two are one too many: remove it first.`);
  }
  if (existsSync(file) && !flag(input, 'force')) {
    throw new Refusal(`${name} is there already; --force replaces it.`);
  }
  const findings = findService(input.directory);
  const suggestion = suggest(findings, input);
  const mayAsk = input.output.isLive && process.stdin.isTTY && !flag(input, 'yes');
  const answers = mayAsk ? await askAnswers(suggestion, findings) : complete(suggestion);
  checkAnswers(answers);
  write(file, configText(answers));
  const ignored = ignoreState(input.directory);
  input.output.json({ file, ...answers });
  tell(input, { name, answers, findings, ignored });
  return EXIT_CODES.done;
};

function suggest({ service, command, health }: Findings, input: CommandInput): Suggestion {
  const listen = Number(textOption(input, 'listen') ?? 8080);
  if (!Number.isInteger(listen) || listen < 1 || listen > 65_535) {
    throw new ConfigError('invalid', '--listen takes a port from 1 to 65535.');
  }
  return {
    service,
    command: textOption(input, 'command') ?? command,
    listen,
    health: textOption(input, 'health') ?? health,
    processes: 2,
  };
}

function complete({ command, ...rest }: Suggestion): Answers {
  if (command !== null) return { ...rest, command };
  throw new ConfigError(
    'invalid',
    'Nothing here says how the service is started. Give it: canary init --command "node server.js"',
  );
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new ConfigError(
      'unreadable',
      `${file} cannot be written; check that its directory exists and may be written to.`,
      [],
      { cause: error },
    );
  }
}

/** State is not source: keeps it out of git, if git is used here. */
function ignoreState(directory: string): boolean {
  if (!existsSync(path.join(directory, '.git'))) return false;
  const file = path.join(directory, '.gitignore');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (/^\/?\.canary\/?$/m.test(text)) return false;
  appendFileSync(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}.canary/\n`);
  return true;
}

interface Telling {
  readonly name: string;
  readonly answers: Answers;
  readonly findings: Findings;
  readonly ignored: boolean;
}

function tell({ output }: CommandInput, { name, answers, findings, ignored }: Telling): void {
  const { command, listen, health } = answers;
  const { source } = findings;
  output.line(`Wrote ${name}.`);
  output.line(`  started with  ${command}${source === null ? '' : `   (from ${source})`}`);
  output.line(
    `  healthy when  ${health === null ? 'its port is open (no health path was found)' : `${health} answers well`}`,
  );
  output.line(`  users come to http://127.0.0.1:${listen}`);
  if (ignored) output.line('  .canary/ was added to .gitignore');
  output.line();
  output.line('Next:');
  output.line('  npx canary deploy --release 1.0.0    the first release goes straight up');
  output.line('  npx canary deploy --release 1.1.0    the next one goes step by step, under traffic');
}
