import type { Clock, Limits } from '@arqonbus/protocol';
import type { RpcObserver, Spine } from '@arqonbus/spine';
import { createMemoryEntryStore } from '@arqonbus/storage';
import type { EntryStore } from '@arqonbus/storage';
import { serveStore } from './index.ts';
import type { StoreModule } from './index.ts';
import type { StoreMetrics } from './store-metrics.ts';

/** What keeping values needs from around it. */
export interface ComposeStoreOptions {
  readonly spine: Spine;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Default: the memory of this process. */
  readonly entries?: EntryStore;
  readonly storeMetrics?: StoreMetrics;
  readonly partitions: { serves(partition: number): boolean };
}

/** Puts the store of tenants together. */
export function composeStore(
  { spine, clock, limits, entries, storeMetrics: metrics, partitions }: ComposeStoreOptions,
  observer: RpcObserver,
): StoreModule {
  const store = entries ?? createMemoryEntryStore(() => clock.now());
  return serveStore({ spine, limits, store, metrics }, observer, (partition) => partitions.serves(partition));
}
