import type { DatabaseStatus } from '../database.ts';
import type { FailureKind } from './failure.ts';

/** How to reach Postgres, and within which bounds. */
export interface PostgresOptions {
  /**
   * `postgres://user:password@host:port/database`, with `sslmode` and `sslrootcert` as elsewhere, and as many `host:port`, with
   * commas, as there are servers: the one that takes writes is used. A secret.
   */
  readonly url: string;
  /** Connections at the most. */
  readonly poolSize: number;
  /** For opening a connection, and for waiting until one is free. */
  readonly connectTimeoutMs: number;
  /** For each statement, at the server; the client gives up a little later. */
  readonly statementTimeoutMs: number;
  /** Transactions that may wait for a connection; more are refused. */
  readonly maxWaiting: number;
  /** Told when the server can be used, or cannot any more. */
  readonly onStatus?: (status: DatabaseStatus, cause: unknown) => void;
  /** Told of every transaction and probe; undefined = it went well. */
  readonly onEnded?: (durationMs: number, failure: FailureKind | undefined) => void;
  /** Monotonic. Default `performance.now`. */
  readonly monotonicMs?: () => number;
  /** Runs the probe from time to time, until the returned function is called. Default: every second. */
  readonly startTimer?: (run: () => void) => () => void;
}
