import type { Metrics } from '@arqonbus/telemetry';

/** Why a change was refused. */
export type StoreRefusal = 'conflict' | 'quota';

/** Told of what tenants keep (TEL-2). */
export interface StoreMetrics {
  changed(kind: 'set' | 'increment' | 'delete' | 'expired', count: number): void;
  refused(reason: StoreRefusal): void;
  /** Changes are made and could not be told to the Shields, who find out by themselves. */
  untold(): void;
}

/** Counts what is changed in the store. */
export function createStoreMetrics(metrics: Metrics): StoreMetrics {
  const changes = metrics.labelledCounter('arqonbus_store_changes_total', 'Changes of the store, by kind.', 'kind', {
    values: ['set', 'increment', 'delete', 'expired'],
  });
  const refused = metrics.labelledCounter(
    'arqonbus_store_refused_total',
    'Changes of the store that were refused: another version was in force, or a limit of the tenant was reached.',
    'reason',
    { values: ['conflict', 'quota'] },
  );
  const untold = metrics.counter(
    'arqonbus_store_untold_total',
    'Times that changes of the store could not be told to the Shields, who ask for them later.',
  );
  return {
    changed: (kind, count) => changes.inc(kind, count),
    refused: (reason) => refused.inc(reason),
    untold: () => untold.inc(),
  };
}
