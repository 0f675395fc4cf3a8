import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { StoreChangesSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { storeOf } from '@arqonbus/spine';
import type { StoredEntry } from '@arqonbus/storage';
import { messageOf } from './entry-message.ts';
import type { StoreParts } from './store-parts.ts';

/** Tells every Shield whose clients watch the tenant's store. What cannot be told is made all the same, and asked for later. */
export function tellChanges({ spine, metrics }: StoreParts, tenant: TenantId, changes: readonly StoredEntry[]): void {
  try {
    const message = create(StoreChangesSchema, { entries: changes.map(messageOf) });
    spine.publish(storeOf(tenant), toBinary(StoreChangesSchema, message));
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    metrics?.untold();
  }
}
