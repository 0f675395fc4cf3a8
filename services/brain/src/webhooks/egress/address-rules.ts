import ipaddr from 'ipaddr.js';

/** Which addresses may be reached (WHK-4). */
export interface AddressRules {
  /** True for a public address, and for others that are allowed by name. False for what is no address. */
  isAllowed(address: string): boolean;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

/** Where all public IPv6 addresses lie; what embeds an IPv4 address in other ways lies outside. */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = ipaddr.IPv6.parseCIDR('2000::/3');

/** Rules that allow public addresses and these; `allowed` holds addresses and ranges that the configuration has checked. */
export function createAddressRules(allowed: readonly string[]): AddressRules {
  const ranges = allowed.map(parseRange);
  return {
    isAllowed: (text) => {
      if (!ipaddr.isValid(text)) return false;
      const address = plainForm(ipaddr.parse(text));
      return isPublic(address) || ranges.some((range) => contains(range, address));
    },
  };
}

/** An IPv4 address that is written as an IPv6 one is the IPv4 address. */
function plainForm(address: Address): Address {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST);
}

function parseRange(text: string): Range {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function contains([base, bits]: Range, address: Address): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}
