import type { Metrics } from '@arqonbus/telemetry';
import type { PostgresDatabase } from './postgres-database.ts';
import type { PostgresOptions } from './postgres-options.ts';

const BUCKETS_SECONDS = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Times transactions and counts failures (TEL-2): what a database is to be told at its making. */
export function createPostgresObserver(metrics: Metrics): NonNullable<PostgresOptions['onEnded']> {
  const durations = metrics.histogram(
    'arqonbus_postgres_transaction_duration_seconds',
    'From the start of a transaction or probe, waiting for a connection included, to its end.',
    BUCKETS_SECONDS,
  );
  const failures = metrics.labelledCounter(
    'arqonbus_postgres_failures_total',
    'Transactions and probes that failed: connection, timeout, conflict (somebody was faster) or fault (a bug of ours).',
    'kind',
    { values: ['connection', 'timeout', 'conflict', 'fault'] },
  );
  return (durationMs, failure) => {
    durations.observe(durationMs / 1_000);
    if (failure !== undefined) failures.inc(failure);
  };
}

/** Adds how a database is, read when somebody asks (TEL-2). */
export function addPostgresGauges(metrics: Metrics, database: Pick<PostgresDatabase, 'status' | 'figures'>): void {
  metrics.gauge('arqonbus_postgres_up', '1 while Postgres can be used.', () => Number(database.status() === 'ok'));
  metrics.gauge('arqonbus_postgres_connections', 'Open connections to Postgres.', () => database.figures().connections);
  metrics.gauge(
    'arqonbus_postgres_waiting',
    'Transactions that wait for a connection.',
    () => database.figures().waiting,
  );
}
