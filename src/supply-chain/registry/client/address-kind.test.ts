import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressKind } from './address-kind.ts';

const KINDS = {
  public: ['1.1.1.1', '8.8.8.8', '172.15.0.1', '172.32.0.1', '2606:4700::1111', '::ffff:1.1.1.1'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1'],
  private: [
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    'fd12::1',
    '::ffff:10.0.0.1',
  ],
  never: [
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
    'fe80::1',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    '::127.0.0.1',
    'localhost',
    '',
    '1.1.1.1.1',
  ],
} as const;

describe('an address', () => {
  for (const [kind, addresses] of Object.entries(KINDS)) {
    it(`is ${kind}, however it is written`, () => {
      for (const address of addresses) assert.equal(addressKind(address), kind, address);
    });
  }
});
