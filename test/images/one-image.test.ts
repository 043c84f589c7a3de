import assert from 'node:assert/strict';
import path from 'node:path';
import { after, it } from 'node:test';
import { runPodinfo, type Program } from '../../podinfo/src/testing/podinfo.ts';
import { compilePodinfo } from './compiled.ts';
import { runsEverywhere } from './runs-everywhere.ts';
import { unpackedPodinfo } from './unpacked-image.ts';

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

if (process.getuid?.() === 0) {
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

const unpacked = await unpackedPodinfo();
after(() => unpacked[Symbol.asyncDispose]());

runsEverywhere('the application in the image that canary builds, unpacked by it', () => unpacked.program);
