import type { Metrics } from '@arqonbus/telemetry';
import type { ArchiveMetrics } from './archiver.ts';

/** Counts what is archived (TEL-2). */
export function createArchiveMetrics(metrics: Metrics): ArchiveMetrics {
  const copied = metrics.counter('arqonbus_archive_copied_total', 'Publications that were copied to the archive.');
  const missing = metrics.counter(
    'arqonbus_archive_missing_total',
    'Sequences of the log that were gone before they could be copied: expired, dropped or erased.',
  );
  const failed = metrics.counter('arqonbus_archive_failures_total', 'Times that the log could not be copied on.');
  const expired = metrics.counter('arqonbus_archive_expired_days_total', 'Days that the archive has given up.');
  return {
    copied: (count) => copied.inc(count),
    missing: (count) => missing.inc(count),
    failed: () => failed.inc(),
    expired: (days) => expired.inc(days),
  };
}
