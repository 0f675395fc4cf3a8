import type { TenantId } from '@arqonbus/protocol';
import { TenantErasuresSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { TenantErasures } from '@arqonbus/protocol/spine-messages';
import type { KeyValue } from '../../key-value/key-value.ts';
import { ERASURES_PREFIX, parseErasuresKey } from '../../subjects/keys.ts';

/** What Brains have erased (LOG-15). */
export interface Erasures {
  /**
   * Below this sequence a stream may have dropped messages of channels of the tenant that are shorter since, so that their
   * number proves nothing (LOG-9); 0 = no.
   */
  cutSeqOf(tenant: TenantId, stream: string): number;
  /** Told of the tenant after each erasure: what was read of its logs before may hold what is gone. */
  onErased(listener: (tenant: TenantId) => void): void;
  stop(): void;
}

/** Follows the erasures in the bucket `ARQON_LOG`. */
export function followErasures(bucket: KeyValue): Erasures {
  const known = new Map<TenantId, TenantErasures>();
  const listeners: ((tenant: TenantId) => void)[] = [];
  const watch = bucket.watch(ERASURES_PREFIX, ({ key, value }) => {
    const tenant = parseErasuresKey(key);
    const record = value && readMessage(TenantErasuresSchema, value);
    if (record === undefined) return;
    const before = known.get(tenant)?.serial;
    known.set(tenant, record);
    if (before === record.serial) return;
    for (const listener of listeners) listener(tenant);
  });
  return {
    cutSeqOf: (tenant, stream) => Number(known.get(tenant)?.cutSeqs[stream] ?? 0),
    onErased: (listener) => void listeners.push(listener),
    stop: () => watch.stop(),
  };
}

/** Where nothing is ever erased. */
export const noErasures: Erasures = { cutSeqOf: () => 0, onErased: () => undefined, stop: () => undefined };
