import type { TenantId } from '@arqonbus/protocol';

/** One stored record. */
export interface TrailEntry {
  /** Where it lies; grows along a tenant's chain, with holes where others' records lie. */
  readonly position: number;
  /** Encoded `arqon.v1.AuditRecord`. */
  readonly data: Uint8Array;
}

/** Which part of a chain to read, oldest first. */
export interface TrailRange {
  /** Exclusive; 0 = from the start. */
  readonly afterPosition: number;
  readonly limit: number;
  /** Ends a read once it holds this many bytes or more; there is always one record. */
  readonly maxBytes: number;
}

/**
 * Where audit records are kept for ever (AUD-1): one chain a tenant, which grows at its end alone. Nothing in it can be
 * changed or removed through this port. Failures are `BusError`s: `CONFLICT` and `UNAVAILABLE` = not stored, `TIMEOUT` =
 * unknown.
 */
export interface AuditTrail {
  /**
   * Stores a record if the chain still ends at `expectedPosition` (0 = is empty), and gives where; else `CONFLICT`. The same
   * bytes a second time within two minutes are stored once, or refused.
   */
  append(tenant: TenantId, data: Uint8Array, expectedPosition: number): Promise<number>;
  /** The last record of a chain. */
  head(tenant: TenantId): Promise<TrailEntry | undefined>;
  read(tenant: TenantId, range: TrailRange): Promise<readonly TrailEntry[]>;
}
