import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sayAddress } from './address.ts';

it('an address is said as it can be written into a configuration or a browser', () => {
  assert.equal(sayAddress({ host: '127.0.0.1', port: 8080 }), '127.0.0.1:8080');
  assert.equal(sayAddress({ host: '::1', port: 8080 }), '[::1]:8080');
});
