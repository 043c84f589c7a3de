import { BlockList, isIP } from 'node:net';

/**
 * What can be behind an address: anyone (`public`), this machine (`loopback`), the network around us (`private`), or what
 * no registry has any business with (`never`): link-local with the clouds' metadata services, multicast, and ranges that
 * are reserved or carry other addresses inside. From the special-purpose registries of IANA (RFC 6890).
 */
export type AddressKind = 'public' | 'loopback' | 'private' | 'never';

const LOOPBACK = blockList(['127.0.0.0/8', '::1/128']);

const PRIVATE = blockList(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']);

const NEVER = blockList([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  // Metadata services outside the link-local ranges: Azure, Alibaba, AWS.
  '168.63.129.16/32',
  '100.100.100.200/32',
  'fd00:ec2::/32',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
]);

/** All of IPv6 that has been given to anyone to be reached at. */
const GLOBAL = blockList(['2000::/3']);

/** Says what can be behind an IP address. What is none is `never`. */
export function addressKind(address: string): AddressKind {
  const plain = ipv4Inside(address) ?? address;
  const family = isIP(plain) === 4 ? 'ipv4' : 'ipv6';
  if (isIP(plain) === 0 || NEVER.check(plain, family)) return 'never';
  if (LOOPBACK.check(plain, family)) return 'loopback';
  if (PRIVATE.check(plain, family)) return 'private';
  return family === 'ipv4' || GLOBAL.check(plain, family) ? 'public' : 'never';
}

/** The IPv4 address that is written as an IPv6 one: `::ffff:127.0.0.1`, `::ffff:7f00:1`. */
function ipv4Inside(address: string): string | null {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? [];
  if (high === undefined || low === undefined) return null;
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join('.');
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
