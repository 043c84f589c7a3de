import path from 'node:path';
import { systemClock } from '../../clock/system-clock.ts';
import { loadConfig } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import { makeStateDirectory, stateDirectory } from '../../config/state-directory.ts';
import { BUILT_IN } from '../../supply-chain/oci/reference.ts';
import { startRegistry } from '../../supply-chain/registry/server/registry-server.ts';
import { type CommandInput, type CommandRun, textOption } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { onInterrupt } from '../interrupt.ts';

const DEFAULT_PORT = 5000;

/** Serves the built-in registry to other tools on this machine, until Ctrl-C. */
export const run: CommandRun = async (input) => {
  const port = portOf(input);
  const loaded = await loadConfig(input.directory, textOption(input, 'config'));
  const state = stateDirectory(loaded);
  makeStateDirectory(state);
  const directory = path.join(state, BUILT_IN);
  const leave = Promise.withResolvers<void>();
  const interrupt = onInterrupt(async () => leave.resolve());
  try {
    await using registry = await startRegistry({ directory, port, clock: systemClock() });
    input.output.json({ address: registry.address });
    tellUse(input, registry.address, loaded.config.service, directory);
    await leave.promise;
    return EXIT_CODES.done;
  } finally {
    interrupt.stop();
  }
};

function tellUse({ output }: CommandInput, address: string, service: string, directory: string): void {
  const image = `${address}/${service}`;
  output.line(`The built-in registry is at ${address}, for programs on this machine. Ctrl-C ends it.`);
  output.line(`What is pushed is kept in ${directory}`);
  output.line(`and deployed as ${BUILT_IN}/${service}, also when this has ended.`);
  output.line();
  output.line('Push an image to it with any of these:');
  output.line(`  skopeo copy --dest-tls-verify=false oci:image:1.0.0 docker://${image}:1.0.0`);
  output.line(`  podman push --tls-verify=false localhost/${service}:1.0.0 ${image}:1.0.0`);
  output.line(`  docker push ${image}:1.0.0`);
  output.line(`  oras cp --to-plain-http --from-oci-layout image:1.0.0 ${image}:1.0.0`);
}

function portOf(input: CommandInput): number {
  const text = textOption(input, 'port');
  if (text === undefined) return DEFAULT_PORT;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new ConfigError('invalid', `--port must be a port, 0 to 65535 (0: any that is free), not "${text}".`);
}
