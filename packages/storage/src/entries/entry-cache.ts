import type { TenantId } from '@arqonbus/protocol';
import type { EntryPlace, StoredEntry } from './entry-store.ts';

/** What a cache knows of a place. */
export type CacheLook =
  | { readonly kind: 'found'; readonly entry: StoredEntry }
  /** Nothing: whoever reads the truth may fill it in with the lease that was named. */
  | { readonly kind: 'empty' }
  /** Somebody changes it, or reads it, right now: the truth has to be asked, and nothing is filled in. */
  | { readonly kind: 'busy' };

/**
 * A copy of what was read, which is never older than a change that has been acknowledged (STO-1): a change marks its place
 * before it is made and takes the mark away after it, and what was read before the mark can not be filled in any more. A
 * mark whose owner died goes after {@link MARK_MS}, which is longer than any change can take. Throws `UNAVAILABLE` or
 * `TIMEOUT` while it cannot be used.
 */
export interface EntryCache {
  look(tenant: TenantId, place: EntryPlace, lease: string): Promise<CacheLook>;
  /** Does nothing where the lease is gone. */
  fill(tenant: TenantId, entry: StoredEntry, lease: string): Promise<void>;
  /** Marks a place that is going to be changed. */
  begin(tenant: TenantId, place: EntryPlace): Promise<void>;
  /** Takes one mark away, and all that was there. */
  finish(tenant: TenantId, place: EntryPlace): Promise<void>;
}

/** How long the mark of a change stays whose end nobody tells. */
export const MARK_MS = 60_000;

/** How long a copy is kept at the most. */
export const KEPT_MS = 60_000;
