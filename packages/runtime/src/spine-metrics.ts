import type { Spine } from '@arqonbus/spine';
import type { Metrics } from '@arqonbus/telemetry';

/** What the metrics of a Spine are made from. */
export interface SpineMetricsOptions {
  readonly spine: Spine;
  /** Bytes that the servers have not confirmed. */
  readonly unflushedBytes: () => number;
  readonly metrics: Metrics;
  /** Monotonic. Default `performance.now`. */
  readonly monotonicMs?: () => number;
  /** Runs the probe from time to time, until the returned function is called. Default: every 5 s. */
  readonly startTimer?: (run: () => void) => () => void;
}

const PROBE_EVERY_MS = 5_000;
const BUCKETS_SECONDS = [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

/**
 * Adds how the Spine is: connected or not, losses, what waits, and the round trip of a probe that goes the way of a
 * `live` publication with `ack` (TEL-2). Gives what ends the probe.
 */
export function addSpineMetrics(options: SpineMetricsOptions): () => void {
  const { spine, metrics, unflushedBytes, monotonicMs = () => performance.now() } = options;
  metrics.gauge('arqonbus_spine_connected', '1 while the Spine can be used.', () =>
    Number(spine.status() === 'connected'),
  );
  metrics.gauge(
    'arqonbus_spine_unflushed_bytes',
    'Bytes on their way that the Spine has not confirmed.',
    unflushedBytes,
  );
  const losses = metrics.counter('arqonbus_spine_losses_total', 'Times that the connection to the Spine was lost.');
  const failures = metrics.counter('arqonbus_spine_probe_failures_total', 'Probes of the Spine without an answer.');
  const roundTrips = metrics.histogram(
    'arqonbus_spine_round_trip_seconds',
    'From a probe of the Spine to its answer, every 5 s.',
    BUCKETS_SECONDS,
  );
  const probe = async (): Promise<void> => {
    const startedMs = monotonicMs();
    try {
      await spine.flush();
      roundTrips.observe((monotonicMs() - startedMs) / 1000);
    } catch {
      failures.inc();
    }
  };
  const status = spine.onStatus((now) => {
    if (now === 'disconnected') losses.inc();
  });
  const stop = (options.startTimer ?? everyFiveSeconds)(() => void probe());
  return () => {
    stop();
    status.unsubscribe();
  };
}

function everyFiveSeconds(run: () => void): () => void {
  const timer = setInterval(run, PROBE_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
