import { cancel, intro, select, text } from '@clack/prompts';
import { Refusal } from '../exit-code.ts';
import type { Findings } from './find.ts';
import type { Answers, Suggestion } from './template.ts';

/** Asks a person for what could not be found out, and to confirm what could. */
export async function askAnswers(suggestion: Suggestion, { source }: Findings): Promise<Answers> {
  intro('canary init');
  const service = await answer(
    text({ message: 'What is the service called?', initialValue: suggestion.service, validate: need }),
  );
  const command = await answer(
    text({
      message: source === null ? 'How is it started?' : `How is it started? (found in ${source})`,
      initialValue: suggestion.command ?? '',
      placeholder: 'node server.js',
      validate: need,
    }),
  );
  const listen = await answer(
    text({
      message: 'On which port do users reach it?',
      initialValue: String(suggestion.listen),
      validate: port,
    }),
  );
  const health = await answer(
    text({
      message: 'Which path tells that it is healthy? (empty: an open port is enough)',
      initialValue: suggestion.health ?? '',
      validate: (value) =>
        (value ?? '') === '' || (value ?? '').startsWith('/') ? undefined : 'must begin with /',
    }),
  );
  const processes = await answer(
    select({
      message: 'How many processes per release?',
      initialValue: String(suggestion.processes),
      options: ['1', '2', '4', '8'].map((value) => ({ value })),
    }),
  );
  return {
    service,
    command,
    listen: Number(listen),
    health: health === '' ? null : health,
    processes: Number(processes),
  };
}

async function answer(prompt: Promise<string | symbol>): Promise<string> {
  const value = await prompt;
  if (typeof value === 'string') return value;
  cancel('Nothing was written.');
  throw new Refusal('Cancelled.');
}

function need(value: string | undefined): string | undefined {
  return (value ?? '').trim() === '' ? 'cannot be empty' : undefined;
}

function port(value: string | undefined): string | undefined {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 && number < 65_536
    ? undefined
    : 'must be a port from 1 to 65535';
}
