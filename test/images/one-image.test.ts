import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, it } from 'node:test';
import { z } from 'zod';
import { runPodinfo, type Program } from '../../podinfo/src/testing/podinfo.ts';
import { compilePodinfo } from './compiled.ts';
import { runsEverywhere } from './runs-everywhere.ts';
import { mayEnterRoot, programOf } from './unpacked-image.ts';

/** Some user without a name, as Lambda chooses one. */
const STRANGER = 49_152;
/** Node.js refuses the program every file that it would write, as a read-only file system does, and /tmp as well. */
const WRITES_NOTHING = { NODE_OPTIONS: '--permission --allow-fs-read=*' };

const compiled = await compilePodinfo();
after(() => compiled[Symbol.asyncDispose]());

const program: Program = {
  command: [process.execPath, path.join(compiled.directory, 'src/main.js')],
  workingDirectory: compiled.directory,
  environment: WRITES_NOTHING,
};

runsEverywhere('podinfo, compiled, writing nothing', () => program);

if (mayEnterRoot) {
  runsEverywhere('podinfo as a user that does not own its files', () => ({ ...program, user: STRANGER }));
} else {
  it('podinfo as another user', { skip: 'only root may start programs as somebody else' });
}

it('has a test that fails when a program writes', async () => {
  const writing = `fs.writeFileSync(${JSON.stringify(path.join(compiled.directory, 'x'))}, '')`;
  const { code, stderr } = await runPodinfo({}, { ...program, command: [process.execPath, '-e', writing] });
  assert.equal(code, 1);
  assert.match(stderr, /ERR_ACCESS_DENIED/);
});

/**
 * An image that was built and unpacked elsewhere is put to the same test by naming its root directory; the image's
 * configuration is then in the file that the second variable names.
 */
const { IMAGE_ROOT: root, IMAGE_CONFIG: configFile } = process.env;

if (root === undefined || configFile === undefined) {
  it('an unpacked image', { skip: 'IMAGE_ROOT and IMAGE_CONFIG do not name one' });
} else {
  const words = z.array(z.string());
  const { config } = z
    .object({ config: z.object({ Entrypoint: z.tuple([z.string()], z.string()), Env: words }) })
    .parse(JSON.parse(readFileSync(configFile, 'utf8')));
  const image = { root, entrypoint: config.Entrypoint, environment: config.Env };
  runsEverywhere(`the image in ${root}`, () => programOf(image, STRANGER));
}
