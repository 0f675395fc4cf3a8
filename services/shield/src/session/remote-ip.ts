import { BlockList, isIP } from 'node:net';
import { addressFromText } from '../listener/canonical-address.ts';

/** Finds the client's address of a connection. */
export type RemoteIp = (remoteAddress: string, forwardedFor: string) => string;

/**
 * The address that limits count: the peer's own, or, behind trusted proxies alone, the nearest entry of
 * `X-Forwarded-For` that is no trusted proxy itself. What anybody else writes into that header is ignored.
 *
 * @param trustedProxies addresses or CIDR blocks.
 */
export function createRemoteIp(trustedProxies: readonly string[]): RemoteIp {
  const trusted = new BlockList();
  for (const proxy of trustedProxies) addTrusted(trusted, proxy);
  return (remoteAddress, forwardedFor) => {
    if (forwardedFor === '' || !isTrusted(trusted, remoteAddress)) return remoteAddress;
    const hops = forwardedFor.split(',').map((hop) => addressFromText(hop.trim()));
    let client = remoteAddress;
    for (const hop of hops.toReversed()) {
      if (isIP(hop) === 0) return client;
      client = hop;
      if (!isTrusted(trusted, hop)) return client;
    }
    return client;
  };
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
