import type { Metrics } from '@arqonbus/telemetry';
import type { AuditMetrics } from './audit.ts';

/** Counts what is audited (TEL-2). */
export function createAuditMetrics(metrics: Metrics): AuditMetrics {
  const records = metrics.labelledCounter(
    'arqonbus_audit_records_total',
    'Records that were written to the audit trail, by phase.',
    'phase',
    { values: ['intent', 'done', 'failed', 'note'] },
  );
  const refused = metrics.counter(
    'arqonbus_audit_refusals_total',
    'Governance actions that were refused because the audit trail could not be written.',
  );
  const lost = metrics.counter(
    'arqonbus_audit_lost_outcomes_total',
    'Governance actions that were done and whose outcome could not be written to the audit trail.',
  );
  const copied = metrics.counter(
    'arqonbus_audit_copied_total',
    'Records of the audit trail that were copied to Postgres.',
  );
  return {
    recorded: (phase) => records.inc(phase),
    refused: () => refused.inc(),
    lostOutcome: () => lost.inc(),
    copied: (count) => copied.inc(count),
  };
}
