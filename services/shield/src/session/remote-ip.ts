import { BlockList, isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { addressFromText } from '../listener/canonical-address.ts';

/** Finds the client's address of a connection. */
export type RemoteIp = (remoteAddress: string, forwardedFor: string) => string;

/**
 * The address that limits count: the peer's own, or, behind trusted proxies alone, the nearest entry of
 * `X-Forwarded-For` that is no trusted proxy itself. What anybody else writes into that header is ignored. One of IPv6 counts as its
 * network of 64 bits, which is the least that a customer is given (RFC 6177): each of its addresses is theirs for the asking.
 *
 * @param trustedProxies addresses or CIDR blocks.
 */
export function createRemoteIp(trustedProxies: readonly string[]): RemoteIp {
  const trusted = new BlockList();
  for (const proxy of trustedProxies) addTrusted(trusted, proxy);
  return (remoteAddress, forwardedFor) => {
    if (forwardedFor === '' || !isTrusted(trusted, remoteAddress)) return networkOf(remoteAddress);
    const hops = forwardedFor.split(',').map((hop) => addressFromText(hop.trim()));
    let client = remoteAddress;
    for (const hop of hops.toReversed()) {
      if (isIP(hop) === 0) break;
      client = hop;
      if (!isTrusted(trusted, hop)) break;
    }
    return networkOf(client);
  };
}

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  // Translators put all of IPv4 into one network (RFC 6052).
  if (ipaddr.IPv6.parse(address).range() === 'rfc6052') return address;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString()}/64`;
}

function addTrusted(list: BlockList, proxy: string): void {
  const [address = '', prefix] = proxy.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (prefix === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(prefix), family);
}

function isTrusted(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
