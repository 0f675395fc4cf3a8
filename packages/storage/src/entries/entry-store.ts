import type { TenantId } from '@arqonbus/protocol';

/** Where a value lies in its tenant. Both names are texts that the caller has checked. */
export interface EntryPlace {
  readonly namespace: string;
  /** Keys are in the order of their bytes in UTF-8. */
  readonly key: string;
}

/** A value, as it is since the change of the tenant with this number. */
export interface StoredEntry extends EntryPlace {
  /** Counts the changes of the tenant from 1 without a gap, so a key that is deleted and made again goes on upwards. */
  readonly version: number;
  /** JSON text as it was given; undefined = there is nothing any more. */
  readonly value: string | undefined;
  /** Wall time of the store, ms; undefined = it stays for good. */
  readonly expiresAtMs: number | undefined;
}

/** How much a tenant may keep; more is refused. */
export interface EntryLimits {
  readonly keys: number;
  /** Of namespaces, keys and values together, in UTF-8. */
  readonly bytes: number;
}

/** A condition of a change. */
export interface EntryCondition {
  /** The version that is to be changed, 0 = there is none; undefined = whatever is there. */
  readonly ifVersion: number | undefined;
}

/** A value that is to be kept. */
export interface EntryWish extends EntryPlace, EntryCondition {
  readonly value: string;
  /** How long; undefined = for good. */
  readonly ttlMs: number | undefined;
}

/** What came of a change. */
export type EntryOutcome =
  | { readonly kind: 'changed'; readonly entry: StoredEntry }
  /** Nothing was changed: this version is there, 0 = none. */
  | { readonly kind: 'conflict'; readonly version: number }
  /** There was nothing to delete. */
  | { readonly kind: 'absent' };

/** What a list is cut by; in the order of namespaces, and in each of keys. */
export interface EntryQuery {
  /** Undefined = all that the tenant has. */
  readonly namespace: string | undefined;
  /** '' = all. */
  readonly prefix: string;
  /** What to begin after; an empty key = from the start. The namespace counts where all are listed. */
  readonly after: EntryPlace;
  readonly limit: number;
}

/** Changes of a tenant, oldest first. Of a key that was changed several times only the last change is there. */
export interface EntryChanges {
  /** The last change of all. */
  readonly version: number;
  /** Changes up to this one are not all known any more: deletions among them are forgotten. */
  readonly floor: number;
  readonly entries: readonly StoredEntry[];
}

/** Deletions are remembered for this many changes of their tenant, and up to {@link FORGET_EVERY} more. */
export const REMEMBERED_CHANGES = 10_000;

/** They are forgotten in steps of this many. */
export const FORGET_EVERY = 1_000;

/** The change up to which deletions are forgotten when the tenant has had this many. */
export function floorOf(version: number): number {
  return Math.max(0, version - (version % FORGET_EVERY) - REMEMBERED_CHANGES);
}

/** Tells places of one tenant apart: no name holds a line feed. */
export function placeId({ namespace, key }: EntryPlace): string {
  return `${namespace}\n${key}`;
}

/** What an entry counts for, in bytes. */
export function entryBytes({
  namespace,
  key,
  value = '',
}: EntryPlace & { readonly value: string | undefined }): number {
  return Buffer.byteLength(namespace) + Buffer.byteLength(key) + Buffer.byteLength(value);
}

/**
 * The truth about what tenants keep (STO-1). No call of one tenant sees or touches another's (PRD-4); the changes of one
 * tenant come one after the other, so conditions and limits hold whoever else is at it. What has expired is not there
 * any more for any caller, and still counts for the limits until it is removed. Throws `UNAVAILABLE` while the store
 * cannot be used, and `QUOTA_EXCEEDED` naming the limit.
 */
export interface EntryStore {
  get(tenant: TenantId, place: EntryPlace): Promise<StoredEntry | undefined>;
  list(tenant: TenantId, query: EntryQuery): Promise<readonly StoredEntry[]>;
  put(tenant: TenantId, wish: EntryWish, limits: EntryLimits): Promise<EntryOutcome>;
  /**
   * Adds to a number, 0 where there is none; its time to live stays. Throws `VALIDATION_ERROR` where there is something
   * else, or where the sum could not be told exactly.
   */
  increment(tenant: TenantId, place: EntryPlace & { readonly by: number }, limits: EntryLimits): Promise<EntryOutcome>;
  remove(tenant: TenantId, wish: EntryPlace & EntryCondition): Promise<EntryOutcome>;
  changesAfter(tenant: TenantId, version: number, limit: number): Promise<EntryChanges>;
  /** Tenants with something that has expired. */
  due(): Promise<readonly TenantId[]>;
  /** Removes this much of what has expired; gives the changes that this is. */
  removeExpired(tenant: TenantId, limit: number): Promise<readonly StoredEntry[]>;
}
