import type { TenantId } from '@arqonbus/protocol';

/** What somebody may or may not do where (PRM-2). Subject, action and pattern are texts that the caller has checked. */
export interface StoredGrant {
  readonly grantId: string;
  readonly subject: string;
  readonly action: string;
  readonly pattern: string;
  readonly effect: 'allow' | 'deny';
  /** Wall time, ms; undefined = for good. */
  readonly expiresAtMs: number | undefined;
  readonly createdBy: string;
  readonly createdAtMs: number;
}

/** All grants of one subject, as they were after its change with this number. */
export interface GrantSet {
  readonly version: number;
  readonly grants: readonly StoredGrant[];
}

/** How many grants there may be; more are refused. */
export interface GrantLimits {
  readonly perTenant: number;
  readonly perSubject: number;
}

/** What a list is cut by. Grants are in the order of their ids. */
export interface GrantQuery {
  /** Undefined = of all subjects. */
  readonly subject: string | undefined;
  /** The id to begin after; '' = from the start. */
  readonly after: string;
  readonly limit: number;
}

/**
 * The truth about grants (PRM-3). No call of one tenant sees or touches another's (PRD-4). Every change gives the subject a
 * higher version, in the same moment. Throws `UNAVAILABLE` while the store cannot be used.
 */
export interface GrantStore {
  /**
   * Adds a grant. One for the same subject, action, pattern and effect stays the one it is, with its id, and gets the new
   * expiry. Gives the grant as it is now; throws `QUOTA_EXCEEDED` where it would be one too many.
   */
  put(tenant: TenantId, grant: StoredGrant, limits: GrantLimits): Promise<StoredGrant>;
  get(tenant: TenantId, grantId: string): Promise<StoredGrant | undefined>;
  /** Gives what was removed; undefined = there was none. */
  remove(tenant: TenantId, grantId: string): Promise<StoredGrant | undefined>;
  list(tenant: TenantId, query: GrantQuery): Promise<readonly StoredGrant[]>;
  setOf(tenant: TenantId, subject: string): Promise<GrantSet>;
  /** The version of every subject that ever had a grant. */
  versions(tenant: TenantId): Promise<ReadonlyMap<string, number>>;
  /** Removes what expired at this time or before. */
  removeExpired(tenant: TenantId, nowMs: number): Promise<void>;
  /** The tenants that ever had a grant. */
  tenants(): Promise<readonly TenantId[]>;
}
