import type { TenantId } from '@arqonbus/protocol';
import { serveBrain, tenantPartition } from '@arqonbus/spine';
import type { RpcObserver, SpineSubscription } from '@arqonbus/spine';
import { deleteEntry, incrementEntry, setEntry } from './change-store.ts';
import { getEntry, listChanges, listEntries } from './read-store.ts';
import { sweepStore } from './remove-expired.ts';
import type { StoreParts } from './store-parts.ts';

/** The store of tenants, served. */
export interface StoreModule {
  readonly served: readonly SpineSubscription[];
  /** Removes what has expired, of the tenants in the partitions that this Brain serves; one run at a time. */
  tick(): Promise<void>;
}

/** Serves `store.*`, which any Brain answers: the tenant's row in the store puts changes one after the other (STO-1). */
export function serveStore(
  parts: StoreParts,
  observer: RpcObserver,
  serves: (partition: number) => boolean,
): StoreModule {
  const { spine } = parts;
  const isOurs = (tenant: TenantId): boolean => serves(tenantPartition(tenant));
  let running: Promise<void> | undefined;
  return {
    served: [
      serveBrain(spine, 'store.get', (request) => getEntry(parts, request), observer),
      serveBrain(spine, 'store.list', (request) => listEntries(parts, request), observer),
      serveBrain(spine, 'store.set', (request) => setEntry(parts, request), observer),
      serveBrain(spine, 'store.increment', (request) => incrementEntry(parts, request), observer),
      serveBrain(spine, 'store.delete', (request) => deleteEntry(parts, request), observer),
      serveBrain(spine, 'store.changes', (request) => listChanges(parts, request), observer),
    ],
    tick: () => {
      running ??= sweepStore(parts, isOurs).finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}
