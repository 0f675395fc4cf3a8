import type { Metrics } from '@arqonbus/telemetry';
import type { StreamLoss } from './stream-loss.ts';

/** Told of what befell the log, for the metrics. */
export interface LogMetrics {
  /** A stream was given another epoch for what was lost of it. */
  lost(reason: StreamLoss): void;
  /** The servers that lead streams could not read so many bytes of their own copies. */
  damaged(bytes: number): void;
}

/** Counts what befalls the log (TEL-2). */
export function createLogMetrics(metrics: Metrics): LogMetrics {
  const losses = metrics.labelledCounter(
    'arqonbus_log_losses_total',
    'Times that a stream of the log was given another epoch: made anew, behind what was seen of it, or emptied by somebody.',
    'reason',
    { values: ['recreated', 'regressed', 'purged'] },
  );
  let damagedBytes = 0;
  metrics.gauge(
    'arqonbus_log_damaged_bytes',
    'Bytes of the log that the NATS servers which lead it could not read on their disks, as the Brain that keeps it was told.',
    () => damagedBytes,
  );
  return {
    lost: (reason) => losses.inc(reason),
    damaged: (bytes) => {
      damagedBytes = bytes;
    },
  };
}
