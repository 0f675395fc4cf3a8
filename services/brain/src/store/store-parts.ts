import type { Limits } from '@arqonbus/protocol';
import type { Spine } from '@arqonbus/spine';
import type { EntryStore } from '@arqonbus/storage';
import type { StoreMetrics } from './store-metrics.ts';

/** What the store of tenants needs (STO-1). */
export interface StoreParts {
  readonly spine: Spine;
  /** The truth. */
  readonly store: EntryStore;
  /** Read each time, so what changes in it counts. */
  readonly limits: Pick<Limits, 'storeKeysPerTenant' | 'storeBytesPerTenant' | 'pageBytes'>;
  readonly metrics?: StoreMetrics | undefined;
}
