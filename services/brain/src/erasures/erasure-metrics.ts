import type { Metrics } from '@arqonbus/telemetry';
import type { ErasureMetrics } from './erasures.ts';

/** Counts what is erased (TEL-2). */
export function createErasureMetrics(metrics: Metrics): ErasureMetrics {
  const log = metrics.counter('arqonbus_log_erased_total', 'Publications that were erased from the log.');
  const archive = metrics.counter('arqonbus_archive_erased_total', 'Publications that were erased from the archive.');
  const failed = metrics.counter('arqonbus_erasure_failures_total', 'Times that an erasure could not be ended.');
  return {
    erased: ({ erased, archiveErased }) => {
      log.inc(erased);
      archive.inc(archiveErased);
    },
    failed: () => failed.inc(),
  };
}
