import { configSchema } from '../../config/config-schema.ts';
import { ConfigError, problemsOf } from '../../config/problems.ts';
import type { Answers } from './template.ts';

/** Where the configuration has an answer, and what people call it. */
const PLACES: Readonly<Record<string, string>> = {
  service: 'the name of the service',
  'run.command': 'the command',
  'environments[0].targets[0].listen': 'the port',
  'environments[0].targets[0].health.path': 'the health path',
};

/** Rejects answers from which a configuration would be written that no command takes. */
export function checkAnswers(answers: Answers): void {
  const [problem] = problemsIn(answers);
  if (problem !== undefined) throw new ConfigError('invalid', `${problem}.`);
}

/** What is wrong with the answers, in words. */
function problemsIn({ service, command, listen, health, processes }: Answers): readonly string[] {
  const targets = [{ kind: 'local', name: 'local', listen, processes, health: { path: health } }];
  const checked = configSchema.safeParse({
    service,
    run: { command },
    environments: [{ name: 'dev', targets, plan: { steps: [] } }],
  });
  if (checked.success) return [];
  return problemsOf(checked.error).map(({ path, message }) => `${PLACES[path] ?? path} ${message}`);
}
