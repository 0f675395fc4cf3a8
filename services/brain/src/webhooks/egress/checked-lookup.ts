import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import type { AddressRules } from './address-rules.ts';

/** The addresses of a host name. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** A name that leads where nothing may be sent (WHK-4). */
export class BlockedAddressError extends Error {
  override readonly name: string = 'BlockedAddressError';
}

/**
 * Looks a name up for one connection and gives it the addresses that were checked: there is no second look-up, in which
 * the name could lead elsewhere. One that is not allowed refuses all of them.
 */
export function createCheckedLookup(resolve: ResolveHost, addresses: AddressRules): LookupFunction {
  const answer = async (
    host: string,
    options: { readonly all?: boolean },
    callback: Parameters<LookupFunction>[2],
  ): Promise<void> => {
    try {
      const found = await resolveChecked(resolve, addresses, host);
      const [first] = found;
      if (first === undefined) throw new BlockedAddressError('the name has no address');
      if (options.all === true) (callback as unknown as AllCallback)(null, found);
      else callback(null, first.address, first.family);
    } catch (error) {
      callback(error as NodeJS.ErrnoException, '', 0);
    }
  };
  return (host, options, callback) => void answer(host, options as { readonly all?: boolean }, callback);
}

type AllCallback = (error: null, addresses: readonly LookupAddress[]) => void;

/** All addresses of a name. Throws {@link BlockedAddressError} where one of them may not be reached. */
export async function resolveChecked(
  resolve: ResolveHost,
  addresses: AddressRules,
  host: string,
): Promise<readonly LookupAddress[]> {
  const found = await resolve(host);
  if (!found.every((address) => addresses.isAllowed(address))) {
    throw new BlockedAddressError('the name leads to an address that is not public');
  }
  return found.map((address) => ({ address, family: isIP(address) }));
}
