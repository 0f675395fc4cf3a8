import type { TenantId } from '@arqonbus/protocol';

/** Runs statements inside the transaction that it was given for. */
export interface Sql {
  /** Rows of one statement; `$1` and so on stand for the values. */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** Why a database cannot be used now. */
export type DatabaseFault = 'unreachable' | 'read_only' | 'schema_too_old' | 'unsafe_role';

/** `starting` until the first answer of the server. */
export type DatabaseStatus = 'starting' | 'ok' | DatabaseFault;

/** Durable state in PostgreSQL's terms. Every row belongs to a tenant, and no statement sees those of another (BRN-2). */
export interface Database {
  /**
   * Runs `work` in one transaction that sees the rows of this tenant alone; what it throws rolls back. Throws
   * `UNAVAILABLE` where the database cannot be reached, is too slow or has too many waiting, and `CONFLICT` where
   * another transaction was faster.
   */
  withTenant<T>(tenant: TenantId, work: (sql: Sql) => Promise<T>): Promise<T>;
  /** As {@link withTenant}, of no tenant: sees the list of tenants and nothing else. For upkeep. */
  withoutTenant<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  status(): DatabaseStatus;
  /** Waits for what is under way or waits for a connection, and ends all of them. Refuses what comes meanwhile with `UNAVAILABLE`. Idempotent. */
  close(): Promise<void>;
}
