import type { TenantId } from '@arqonbus/protocol';

/** Where a copied record stands: in its chain, and in the trail that it was copied from. */
export interface CopiedPlace {
  readonly seq: number;
  readonly hash: string;
  readonly position: number;
}

/** A record as it is copied. */
export interface CopiedRecord extends CopiedPlace {
  readonly atMs: number;
  /** Encoded `arqon.v1.AuditRecord`. */
  readonly data: Uint8Array;
}

/** A second copy of the audit trail, kept apart from the first (AUD-1). It can be added to and read. Failures as `Database`. */
export interface AuditCopy {
  /** Adds records of a tenant; what stands at a place already stays as it is. */
  add(tenant: TenantId, records: readonly CopiedRecord[]): Promise<void>;
  /** The last record of a chain. */
  last(tenant: TenantId): Promise<CopiedPlace | undefined>;
  /** What follows a place, in order. */
  after(tenant: TenantId, seq: number, limit: number): Promise<readonly CopiedPlace[]>;
}
