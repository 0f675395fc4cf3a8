import { BusError } from '@arqonbus/protocol';
import { entryBytes } from './entry-store.ts';
import type { EntryLimits, EntryPlace } from './entry-store.ts';

/** What a tenant keeps. */
export interface EntryUsage {
  readonly keys: number;
  readonly bytes: number;
}

/** Throws `QUOTA_EXCEEDED` where the tenant would keep more than it may and more than it did: less is always allowed. */
export function checkQuota(before: EntryUsage, after: EntryUsage, limits: EntryLimits): void {
  for (const limit of ['keys', 'bytes'] as const) {
    if (after[limit] <= limits[limit] || after[limit] <= before[limit]) continue;
    throw new BusError('QUOTA_EXCEEDED', `The tenant's limit of ${limits[limit]} ${limit} in the store is reached.`);
  }
}

/** What an entry counts for; a deletion for nothing. */
export function usageOf(entry: (EntryPlace & { readonly value: string | undefined }) | undefined): EntryUsage {
  return entry?.value === undefined ? { keys: 0, bytes: 0 } : { keys: 1, bytes: entryBytes(entry) };
}
