import type { Metrics } from '@arqonbus/telemetry';
import type { ValkeyFailure, ValkeyLink, ValkeyObserver } from './valkey-link.ts';

const BUCKETS_SECONDS = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];
const FAILURES: readonly ValkeyFailure[] = ['disconnected', 'circuit_open', 'busy', 'refused', 'timeout'];

/** Counts and times the calls of Valkey (TEL-2). Made once, however often a link is. */
export function createValkeyMetrics(metrics: Metrics): ValkeyObserver {
  const durations = metrics.histogram(
    'arqonbus_valkey_call_duration_seconds',
    'From a call of Valkey to its answer.',
    BUCKETS_SECONDS,
  );
  const failures = metrics.labelledCounter(
    'arqonbus_valkey_failures_total',
    'Calls of Valkey that failed: not sent, refused by the server, or without an answer in time.',
    'reason',
    { values: FAILURES },
  );
  return {
    onAnswered: (durationMs) => durations.observe(durationMs / 1_000),
    onFailed: (reason) => failures.inc(reason),
  };
}

/** Adds how the connection to Valkey is (TEL-2). */
export function addValkeyGauges(metrics: Metrics, link: Pick<ValkeyLink, 'isUsable' | 'inFlight'>): void {
  metrics.gauge('arqonbus_valkey_usable', '1 while Valkey can be used.', () => Number(link.isUsable()));
  metrics.gauge('arqonbus_valkey_calls_in_flight', 'Calls of Valkey that wait for an answer.', () => link.inFlight());
}
