import { ImageRefused } from '../program.ts';

/**
 * Variables in a file as container engines read them: one a line, the value as it is. Names and values that would be
 * something else there are refused. Throws `ImageRefused`.
 */
export function variablesFile(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => {
    if (!/^[^\s=#*]+$/.test(name))
      throw new ImageRefused(`a container cannot have a variable named ${JSON.stringify(name)}`);
    if (/[\r\n\0]/.test(value))
      throw new ImageRefused(`the variable ${name} has several lines, and a container's must have one`);
    return `${name}=${value}\n`;
  });
  return lines.join('');
}
