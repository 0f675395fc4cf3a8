import type { StoredEntry } from './entry-store.ts';

/** A row of `arqon.store_entries`. */
export interface EntryRow {
  readonly namespace: string;
  readonly key: string;
  /** A bigint, which the drivers give as they please. */
  readonly version: string | number;
  readonly value: string | null;
  readonly expires_at: Date | null;
}

/** What {@link entryOf} reads. */
export const COLUMNS = 'namespace, key, version, value, expires_at';

/** True for a row that readers see, on the clock of the database. */
export const IS_LIVE = 'value IS NOT NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())';

/** The entry in a row. */
export function entryOf({ namespace, key, version, value, expires_at: expiresAt }: EntryRow): StoredEntry {
  return {
    namespace,
    key,
    version: Number(version),
    value: value ?? undefined,
    expiresAtMs: expiresAt?.getTime(),
  };
}
