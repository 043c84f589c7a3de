import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { project } from './project.ts';

describe('the command line', { concurrency: false }, () => {
  it('ends with 2 when it is wrong, whatever is wrong about it', async (t) => {
    const shop = await project(t);
    const wrong = [
      ['no-such-command'],
      ['status', '--bogus'],
      ['unblock'],
      ['deploy', '--release'],
      ['rollback', 'extra'],
      ['deploy', '--release', 'x$(id)'],
      ['deploy', '--release', ''],
      ['history', '--limit', '1e99'],
      ['history', '--limit', '0'],
      ['explain', 'shop-dev-99'],
      ['watch', 'shop-dev-99'],
    ];
    for (const args of wrong) {
      const { code, stderr } = await shop.canary(...args);
      assert.equal(code, 2, args.join(' '));
      assert.notEqual(stderr, '');
    }
    for (const args of [['--help'], ['deploy', '--help'], ['--version']]) {
      assert.equal((await shop.canary(...args)).code, 0, args.join(' '));
    }
  });
});
