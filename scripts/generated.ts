import { z } from 'zod';
import { COMMANDS } from '../src/cli/commands/index.ts';
import type { CommandSpec } from '../src/cli/command.ts';
import { configSchema } from '../src/config/config-schema.ts';
import { REFUSAL_CODES } from '../src/supply-chain/policy/refusal-codes.ts';

/** Every file that is made from the code, by its path from the root. */
export function generatedFiles(): Readonly<Record<string, string>> {
  return {
    'schema/canary.config.schema.json': `${JSON.stringify(jsonSchema(), null, 2)}\n`,
    'docs/reference/configuration.md': configurationPage(),
    'docs/reference/cli.md': cliPage(),
    'docs/reference/refusals.md': refusalsPage(),
  };
}

function jsonSchema() {
  return {
    $id: 'https://canary-rollout.dev/canary.config.schema.json',
    title: 'Configuration of canary-rollout',
    ...z.toJSONSchema(configSchema, { io: 'input' }),
  };
}

type Schema = { readonly [key: string]: unknown };

function configurationPage(): string {
  const rows = describe(jsonSchema(), '');
  return `# Configuration

<!-- Made from the schema by \`npm run generate\`. -->

A configuration is \`canary.config.ts\` (or \`.js\`, \`.json\`, \`.yaml\`). In TypeScript, \`defineConfig()\` gives your editor all of
this; for JSON and YAML there is a JSON Schema: \`"$schema": "./node_modules/canary-rollout/schema/canary.config.schema.json"\`.
Unknown settings are errors. Durations are texts such as \`"500ms"\`, \`"30s"\`, \`"5m"\`, \`"2h"\`, \`"1d"\`; shares are texts such as \`"1%"\`.

| Setting | Default | What it is |
| --- | --- | --- |
${rows.join('\n')}
`;
}

/** One row for every setting below a place, parents before children. */
function describe(place: Schema, prefix: string): readonly string[] {
  const properties = asSchema(place['properties']);
  return Object.entries(properties).flatMap(([name, child]) => {
    if (name === '$schema') return [];
    const schema = asSchema(child);
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [row(path, schema), ...children(path, schema)];
  });
}

function children(path: string, schema: Schema): readonly string[] {
  const items = schema['items'] === undefined ? null : asSchema(schema['items']);
  if (items !== null)
    return [...alternatives(items)].flatMap((each) => describe(each, `${path}[]`)).filter(isFirst);
  const values = asSchema(schema['additionalProperties']);
  if (values['properties'] !== undefined) return describe(values, `${path}.<name>`);
  return alternatives(schema)
    .flatMap((each) => describe(each, path))
    .filter(isFirst);
}

/** A setting that several alternatives share is described once. */
function isFirst(text: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(text) === index;
}

function alternatives(schema: Schema): readonly Schema[] {
  const choices = [schema['oneOf'], schema['anyOf']].flatMap((list) =>
    Array.isArray(list) ? list.map(asSchema) : [],
  );
  return choices.length === 0 ? [schema] : choices;
}

function row(path: string, schema: Schema): string {
  const fallback = schema['default'] === undefined ? '' : `\`${JSON.stringify(schema['default'])}\``;
  const choices = Array.isArray(schema['enum'])
    ? ` One of ${schema['enum'].map((value) => `\`${String(value)}\``).join(', ')}.`
    : '';
  const constant = schema['const'] === undefined ? '' : `\`${textOf(schema['const'])}\``;
  const text = `${textOf(schema['description'])}${choices}${constant}`;
  return `| \`${path}\` | ${fallback.length > 90 ? 'see `canary init`' : fallback} | ${text.replaceAll('|', '\\|')} |`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function cliPage(): string {
  return `# Command line

<!-- Made from the table of commands by \`npm run generate\`. -->

\`canary <command> [options]\`. \`canary <command> --help\` says the same. Every command takes \`--config <file>\` and \`--json\`; with the
latter it answers with one JSON document on standard output, and says what is wrong as JSON on standard error.

${COMMANDS.map(commandSection).join('\n\n')}

## Exit codes

| Code | Meaning |
| --- | --- |
| 0 | done; of a rollout: promoted |
| 1 | the rollout was rolled back, aborted or rejected |
| 2 | the command line or the configuration is wrong; nothing was done |
| 3 | held or paused: left to a person |
| 4 | not possible as things stand, for instance because another rollout is under way or an image is none that may be used; nothing was done |
| 5 | something that canary needs failed: disk, permissions, a port, a registry, a key, Sigstore |
| 130 | left in the middle by a second Ctrl-C; the guard takes traffic home |
`;
}

function commandSection({
  name,
  summary,
  description,
  args = [],
  options = [],
  examples = [],
}: CommandSpec): string {
  const words = args.map((arg) => (arg.isOptional === true ? ` [${arg.name}]` : ` <${arg.name}>`)).join('');
  const lines = [
    `## canary ${name}${words}`,
    '',
    description ?? `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
  ];
  const table = [
    ...args.map((arg) => `| \`${arg.name}\` | ${arg.description} |`),
    ...options.map((option) => `| \`${option.flags}\` | ${option.description} |`),
  ];
  if (table.length > 0) lines.push('', '| | |', '| --- | --- |', ...table);
  for (const example of examples)
    lines.push('', '```console', `$ ${example.line}`, '```', '', `…to ${example.does}.`);
  return lines.join('\n');
}

function refusalsPage(): string {
  const rows = Object.entries(REFUSAL_CODES).map(
    ([code, { means, remedy }]) => `| \`${code}\` | ${capital(means)}. | ${capital(remedy)}. |`,
  );
  return `# Why an image is refused

<!-- Made from the table of codes by \`npm run generate\`. -->

\`canary verify\` and the gate of a rollout give every refusal its code, what it was exactly, and what to do about it. The codes are
for programs and for looking up; they keep their meaning. [How images are judged](../supply-chain/policy.md) says when they arise.

| Code | Meaning | What to do |
| --- | --- | --- |
${rows.join('\n')}
`;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
