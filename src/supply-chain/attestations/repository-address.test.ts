import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { repositoryAddress } from './repository-address.ts';

describe('the address of a repository', () => {
  const known: readonly (readonly [said: string, is: string])[] = [
    ['https://github.com/acme/shop.git', 'https://github.com/acme/shop'],
    ['https://github.com/acme/shop/', 'https://github.com/acme/shop'],
    ['https://ann:secret@github.com/acme/shop.git?token=secret#secret', 'https://github.com/acme/shop'],
    ['https://secret@example.com:8443/acme/shop', 'https://example.com:8443/acme/shop'],
    ['git@github.com:acme/shop.git', 'ssh://git@github.com/acme/shop'],
    ['example.com:/srv/shop.git', 'ssh://example.com/srv/shop'],
    ['ssh://git:secret@example.com:2222/acme/shop.git', 'ssh://git@example.com:2222/acme/shop'],
  ];
  for (const [said, is] of known) {
    it(`of ${said} is ${is}`, () => {
      assert.equal(repositoryAddress(said), is);
      assert.equal(repositoryAddress(is), is, 'it stays what it is');
    });
  }

  it('is not known for what means something on one machine only', () => {
    for (const said of [
      '',
      '/srv/git/shop.git',
      '../shop',
      'file:///srv/shop',
      'C:\\shop',
      'C:/shop',
      'ext::sh -c x',
      'ext::/bin/sh',
      'file:/srv/shop',
    ]) {
      assert.equal(repositoryAddress(said), null, said);
    }
  });
});
