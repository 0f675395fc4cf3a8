import type { TenantId } from '@arqonbus/protocol';
import { ChannelRecordSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import type { ChannelRecord } from '@arqonbus/protocol/spine-messages';
import { parseChannelKey, tenantPrefix } from '@arqonbus/spine';
import type { KeyValue, KeyValueChange } from '@arqonbus/spine';

/** A record as it stands in the bucket. */
export interface StoredChannel {
  readonly tenant: TenantId;
  readonly record: ChannelRecord;
  readonly revision: number;
}

/** The channel records of the bucket, kept in memory by watching it: lists and counts ask nobody. */
export interface ChannelIndex {
  /** Resolves when everything that existed at the start is known. */
  readonly ready: Promise<void>;
  get(key: string): StoredChannel | undefined;
  /** Records of a tenant, by key; in no order. */
  ofTenant(tenant: TenantId): readonly StoredChannel[];
  countOf(tenant: TenantId): number;
  /** Every record of every tenant. */
  all(): Iterable<StoredChannel>;
  /** Resolves when the watch has told so much that the condition holds: who wrote waits to read its own write. */
  until(condition: () => boolean): Promise<void>;
  stop(): void;
}

/** Watches the bucket. A record that cannot be read is left out, and counted by `onMalformed`. */
export function createChannelIndex(bucket: KeyValue, onMalformed: (key: string) => void): ChannelIndex {
  const tenants = new Map<string, Map<string, StoredChannel>>();
  let waiting: Waiting[] = [];
  const apply = ({ key, value, revision }: KeyValueChange): void => {
    const place = parseChannelKey(key);
    if (place === undefined) return;
    const record = value === undefined ? undefined : decode(value);
    if (value !== undefined && record === undefined) onMalformed(key);
    if (record === undefined) remove(tenants, place.tenant, key);
    else channelsOf(tenants, place.tenant).set(key, { tenant: place.tenant, record, revision });
    waiting = waiting.filter(({ condition, resolve }) => {
      const isMet = condition();
      if (isMet) resolve();
      return !isMet;
    });
  };
  const watch = bucket.watch('', apply);
  return {
    ready: watch.ready,
    get: (key) => tenants.get(key.slice(0, key.indexOf('.') + 1))?.get(key),
    ofTenant: (tenant) => [...(tenants.get(tenantPrefix(tenant))?.values() ?? [])],
    countOf: (tenant) => tenants.get(tenantPrefix(tenant))?.size ?? 0,
    all: function* all() {
      for (const channels of tenants.values()) yield* channels.values();
    },
    until: (condition) =>
      condition() ? Promise.resolve() : new Promise((resolve) => waiting.push({ condition, resolve })),
    stop: () => watch.stop(),
  };
}

interface Waiting {
  readonly condition: () => boolean;
  readonly resolve: () => void;
}

function channelsOf(tenants: Map<string, Map<string, StoredChannel>>, tenant: TenantId): Map<string, StoredChannel> {
  const prefix = tenantPrefix(tenant);
  const known = tenants.get(prefix) ?? new Map<string, StoredChannel>();
  tenants.set(prefix, known);
  return known;
}

function remove(tenants: Map<string, Map<string, StoredChannel>>, tenant: TenantId, key: string): void {
  const prefix = tenantPrefix(tenant);
  const channels = tenants.get(prefix);
  channels?.delete(key);
  if (channels?.size === 0) tenants.delete(prefix);
}

function decode(value: Uint8Array): ChannelRecord | undefined {
  try {
    return fromBinary(ChannelRecordSchema, value);
  } catch {
    return undefined;
  }
}
