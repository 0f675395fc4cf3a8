import type { Metrics } from '@arqonbus/telemetry';

/** Why something in the lane was refused. */
export type OmegaRefusal = 'disabled' | 'quota' | 'rate' | 'publish';

/** Told of what goes on in the lane (TEL-2). */
export interface OmegaMetrics {
  emitted(): void;
  refused(reason: OmegaRefusal): void;
}

/** Counts what goes on in the lane. */
export function createOmegaMetrics(metrics: Metrics): OmegaMetrics {
  const events = metrics.counter(
    'arqonbus_omega_events_total',
    'Events of the Omega lane that were published in the lab.',
  );
  const refused = metrics.labelledCounter(
    'arqonbus_omega_refused_total',
    'What the Omega lane refused: it is off, a bound or the rate was reached, or the lab would not take the event.',
    'reason',
    { values: ['disabled', 'quota', 'rate', 'publish'] },
  );
  return { emitted: () => events.inc(), refused: (reason) => refused.inc(reason) };
}
