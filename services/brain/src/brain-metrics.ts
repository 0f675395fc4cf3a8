import { brainMethodNames } from '@arqonbus/spine';
import type { Histogram, LabelledCounter, Metrics } from '@arqonbus/telemetry';
import type { BrainFigures } from './brain-figures.ts';
import type { Brain } from './brain.ts';

/** Adds figures that are read when somebody asks for them (TEL-2). */
export function addBrainGauges(metrics: Metrics, brain: Pick<Brain, 'figures'>): void {
  const gauge = (name: string, help: string, figure: keyof BrainFigures): void =>
    metrics.gauge(`arqonbus_brain_${name}`, help, () => brain.figures()[figure]);
  gauge('partitions', 'Partitions that this Brain serves.', 'partitions');
  gauge('connections', 'Connections known in the partitions that this Brain serves.', 'connections');
  gauge('memberships', 'Members of channels in the partitions that this Brain serves.', 'memberships');
  gauge('operators', 'Operators in the partitions that this Brain serves.', 'operators');
  gauge('tasks_waiting', 'Tasks that wait for an operator, in the partitions that this Brain serves.', 'tasksWaiting');
  gauge('tasks_open', 'Tasks that have not ended, in the partitions that this Brain serves.', 'tasksOpen');
  gauge('channels', 'Channels that tenants have made, in all partitions.', 'channels');
  gauge(
    'broken_audit_chains',
    'Audit chains in the partitions that this Brain serves that were cut or rewritten.',
    'brokenAuditChains',
  );
  gauge(
    'uncopied_audit_chains',
    'Audit chains that have records which are not in Postgres yet.',
    'uncopiedAuditChains',
  );
  metrics.gauge(
    'arqonbus_erasures_pending',
    'Erasures of stored publications that this Brain has still to end.',
    () => brain.figures().pendingErasures,
  );
  const archiveGauge = (name: string, help: string, figure: keyof BrainFigures): void =>
    metrics.gauge(`arqonbus_archive_${name}`, help, () => brain.figures()[figure]);
  archiveGauge('lag_messages', 'Messages of the log that are not in the archive yet.', 'archiveLagMessages');
  archiveGauge('lag_seconds', 'For how long there have been any; 0 = there are none.', 'archiveLagSeconds');
  gauge('shields', 'Shields that have reported lately.', 'shields');
}

/** What a Brain tells of the requests that it answers. */
export interface RpcMetrics {
  /** The code is that of a refusal; '' = there was none. */
  answered(method: string, durationMs: number, code: string): void;
  malformed(): void;
  failed(): void;
}

const BUCKETS_SECONDS = [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5];

/** Counts and times the requests that a Brain answers (TEL-2). */
export function createRpcMetrics(metrics: Metrics): RpcMetrics {
  const byMethod = new Map<string, { readonly durations: Histogram; readonly refusals: LabelledCounter }>();
  for (const method of brainMethodNames) {
    const durations = metrics.histogram(
      'arqonbus_brain_request_duration_seconds',
      'From the arrival of a request at the Brain to its answer, by method.',
      BUCKETS_SECONDS,
      { method },
    );
    const refusals = metrics.labelledCounter(
      'arqonbus_brain_requests_refused_total',
      'Requests that the Brain refused, by method and code.',
      'code',
      { labels: { method } },
    );
    byMethod.set(method, { durations, refusals });
  }
  const malformed = metrics.counter('arqonbus_brain_requests_malformed_total', 'Requests that could not be read.');
  const failed = metrics.counter('arqonbus_brain_requests_failed_total', 'Requests that failed by a bug of ours.');
  return {
    answered: (method, durationMs, code) => {
      const own = byMethod.get(method);
      own?.durations.observe(durationMs / 1000);
      if (code !== '') own?.refusals.inc(code);
    },
    malformed: () => malformed.inc(),
    failed: () => failed.inc(),
  };
}
