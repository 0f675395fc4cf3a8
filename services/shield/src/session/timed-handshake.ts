import type { Metrics } from '@arqonbus/telemetry';
import type { Handshake } from './handshake.ts';

const BUCKETS_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10];

/** A handshake that is timed, the wait for a place in the rate of new connections included (TEL-2). */
export function createTimedHandshake(handshake: Handshake, metrics: Metrics, monotonicMs: () => number): Handshake {
  const durations = metrics.histogram(
    'arqonbus_handshake_duration_seconds',
    'From an upgrade request to its answer, waiting for admission included.',
    BUCKETS_SECONDS,
  );
  return async (request) => {
    const startedMs = monotonicMs();
    const decision = await handshake(request);
    durations.observe((monotonicMs() - startedMs) / 1000);
    return decision;
  };
}
