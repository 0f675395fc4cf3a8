import type { Metrics } from '@arqonbus/telemetry';
import type { OutboxFigures } from '@arqonbus/storage/outbox';

/** What an outbox does at this Bridge. */
export type OutboxState = (typeof OUTBOX_STATES)[number];

/**
 * `standby`: another Bridge works. `unreachable`: the database is away. `missing`: it has no outbox that may be used.
 * `key_refused`: the key is none, or ended, or its holder is banned. `held_up`: the bus takes nothing now.
 */
export const OUTBOX_STATES = [
  'starting',
  'standby',
  'working',
  'held_up',
  'unreachable',
  'missing',
  'key_refused',
] as const;

/** What one outbox tells of itself, when somebody asks. */
export interface OutboxGauges extends OutboxFigures {
  readonly state: OutboxState;
}

/** Counts what is published from outboxes (TEL-2). */
export interface OutboxMetrics {
  published(ageMs: number): void;
  refused(code: string): void;
  /** A row or more have to wait, because of this. */
  held(code: string): void;
  /** It was tried so long ago that the log was asked for it, and it was there. */
  found(): void;
}

const LAG_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Counts in this registry; `gauges` gives all outboxes that there are now. */
export function createOutboxMetrics(metrics: Metrics, gauges: () => readonly OutboxGauges[]): OutboxMetrics {
  for (const state of OUTBOX_STATES) {
    const help = 'Outboxes by what this Bridge does with them; one Bridge works and the others stand by.';
    metrics.gauge('arqonbus_outboxes', help, () => gauges().filter((one) => one.state === state).length, { state });
  }
  const sum = (read: (one: OutboxGauges) => number) => (): number => gauges().reduce((all, one) => all + read(one), 0);
  metrics.gauge(
    'arqonbus_outbox_waiting_rows',
    'Rows that wait, of outboxes that this Bridge works on; of each at most 10,000 are counted.',
    sum(({ waiting }) => waiting),
  );
  metrics.gauge(
    'arqonbus_outbox_refused_rows',
    'Dead letters, of outboxes that this Bridge works on; of each at most 10,000 are counted.',
    sum(({ refused }) => refused),
  );
  metrics.gauge(
    'arqonbus_outbox_oldest_waiting_seconds',
    'Since the oldest row that waits was inserted; 0 where none does.',
    () => Math.max(0, ...gauges().map(({ oldestMs }) => oldestMs)) / 1_000,
  );
  const lag = metrics.histogram(
    'arqonbus_outbox_lag_seconds',
    'From the insertion of a row to its publication; its count is how many were published.',
    LAG_SECONDS,
  );
  const refused = metrics.labelledCounter(
    'arqonbus_outbox_refused_total',
    'Rows that were refused for good, and are dead letters now, by code.',
    'code',
    { values: ['AUTHORIZATION_ERROR', 'SCHEMA_VIOLATION', 'POLICY_BLOCKED', 'PAYLOAD_TOO_LARGE'] },
  );
  const held = metrics.labelledCounter(
    'arqonbus_outbox_held_total',
    'Times that rows could not be published yet and are tried again, by code.',
    'code',
    { values: ['RATE_LIMITED', 'UNAVAILABLE', 'TIMEOUT'] },
  );
  const found = metrics.counter(
    'arqonbus_outbox_found_total',
    'Rows of unknown fate that were found in the history of their channel and not published again.',
  );
  return {
    published: (ageMs) => lag.observe(ageMs / 1_000),
    refused: (code) => refused.inc(code),
    held: (code) => held.inc(code),
    found: () => found.inc(),
  };
}
