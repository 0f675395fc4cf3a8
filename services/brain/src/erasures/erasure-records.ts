import { BusError } from '@arqonbus/protocol';
import type { EraseFilter, TenantId } from '@arqonbus/protocol';
import {
  ErasureRecordSchema,
  TenantErasuresSchema,
  create,
  equals,
  readMessage,
  toBinary,
} from '@arqonbus/protocol/spine-messages';
import type { EraseFilter as WireFilter, ErasureRecord, TenantErasures } from '@arqonbus/protocol/spine-messages';
import { ERASURES_PREFIX, erasuresKey, parseErasuresKey } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import { replaceEntry } from '../requests/replace-entry.ts';

/** An erasure of a tenant, as it is stored. */
export interface StoredErasure {
  readonly tenant: TenantId;
  readonly record: ErasureRecord;
}

/** How many a tenant may have under way. */
export const MAX_PENDING = 4;
/** How many that are done are remembered, for who asked and has not heard yet. */
const MAX_DONE = 8;

/**
 * The erasures of tenants in `ARQON_LOG`: written before anything is erased, so that a crash in the middle ends none, and
 * watched by every Shield. All reject with `UNAVAILABLE`.
 */
export interface ErasureRecords {
  /** Adds one; throws `RATE_LIMITED` where the tenant has too many under way. */
  add(tenant: TenantId, record: ErasureRecord): Promise<void>;
  /** Says, before anything is erased, below which sequence which stream may have dropped messages. */
  cut(tenant: TenantId, cutSeqs: Readonly<Record<string, number>>): Promise<void>;
  /**
   * Says that one is done: what Shields have read before is theirs to give up. False where another Brain has said so before, with
   * what it counted, which stays (ARC-3).
   */
  done(tenant: TenantId, record: ErasureRecord): Promise<boolean>;
  find(tenant: TenantId, erasureId: string): Promise<ErasureRecord | undefined>;
  /** All that are under way. */
  pending(): Promise<readonly StoredErasure[]>;
}

/** The records in this bucket. */
export function createErasureRecords(bucket: KeyValue): ErasureRecords {
  const change = async (tenant: TenantId, to: (known: TenantErasures) => Partial<TenantErasures>): Promise<void> => {
    await replaceEntry(bucket, erasuresKey(tenant), async ({ known, put }) => {
      const record = (known && readMessage(TenantErasuresSchema, known.value)) ?? create(TenantErasuresSchema);
      return put(toBinary(TenantErasuresSchema, create(TenantErasuresSchema, { ...record, ...to(record) })));
    });
  };
  return {
    add: (tenant, record) =>
      change(tenant, ({ erasures }) => {
        if (erasures.filter(({ isDone }) => !isDone).length >= MAX_PENDING) throw tooMany();
        return { erasures: [...erasures, record] };
      }),
    cut: async (tenant, cutSeqs) => {
      const cuts = Object.entries(cutSeqs).map(([stream, seq]) => [stream, BigInt(seq)] as const);
      if (cuts.length === 0) return;
      await change(tenant, (known) => ({ cutSeqs: { ...known.cutSeqs, ...Object.fromEntries(cuts) } }));
    },
    done: async (tenant, record) => {
      const ended = create(ErasureRecordSchema, { ...record, isDone: true });
      let isFirst = true;
      await change(tenant, ({ erasures, serial }) => {
        const known = erasures.find(({ erasureId }) => erasureId === record.erasureId);
        // One that says the same may be ours, whose answer was lost.
        isFirst = known?.isDone !== true || equals(ErasureRecordSchema, known, ended);
        if (!isFirst) return {};
        const left = [...erasures.filter((one) => one !== known), ended];
        const forgotten = left.filter(({ isDone }) => isDone).slice(0, -MAX_DONE);
        return { erasures: left.filter((one) => !forgotten.includes(one)), serial: serial + 1n };
      });
      return isFirst;
    },
    find: async (tenant, erasureId) => {
      const entry = await bucket.get(erasuresKey(tenant));
      const record = entry && readMessage(TenantErasuresSchema, entry.value);
      return record?.erasures.find((one) => one.erasureId === erasureId);
    },
    pending: async () => {
      const entries = await bucket.list(ERASURES_PREFIX);
      return entries.flatMap(({ key, value }) => {
        const tenant = parseErasuresKey(key);
        const erasures = readMessage(TenantErasuresSchema, value)?.erasures ?? [];
        return erasures.filter(({ isDone }) => !isDone).map((record) => ({ tenant, record }));
      });
    },
  };
}

/** The tenant has as many under way as it may have. */
export function tooMany(): BusError {
  return new BusError('RATE_LIMITED', 'Too many erasures of the tenant are under way.');
}

/** What a record says is to be erased. */
export function filterOf(what: WireFilter | undefined): EraseFilter {
  return {
    ...(what?.room === undefined ? {} : { room: what.room }),
    ...(what?.channel === undefined ? {} : { channel: what.channel }),
    ...(what?.user === undefined ? {} : { user: what.user }),
    ...(what?.beforeMs === undefined ? {} : { beforeMs: Number(what.beforeMs) }),
  };
}
