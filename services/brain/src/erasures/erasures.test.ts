import { BusError } from '@arqonbus/protocol';
import type { LogProfile, TenantId } from '@arqonbus/protocol';
import {
  AuditRecordSchema,
  EraseFilterSchema,
  TenantErasuresSchema,
  create,
  fromBinary,
} from '@arqonbus/protocol/spine-messages';
import {
  createLocalSpine,
  createMemoryChannelLog,
  createMemoryKeyValueStore,
  erasuresKey,
  followErasures,
} from '@arqonbus/spine';
import type { KeyValueStore, LogEraser, MemoryLog } from '@arqonbus/spine';
import { createMemoryArchiveStore } from '@arqonbus/storage';
import type { ArchiveStore } from '@arqonbus/storage';
import { beforeEach, describe, expect, it } from 'vitest';
import { Archiver } from '../archive/archiver.ts';
import { createAuditRig } from '../audit/audit-rig.ts';
import type { AuditRig } from '../audit/audit-rig.ts';
import { MAX_PENDING, createErasureRecords } from './erasure-records.ts';
import { Erasures } from './erasures.ts';
import type { ErasureState } from './erasures.ts';

const acme = 'acme.eu' as TenantId;
const address = { tenant: acme, room: 'science', channel: 'general' };
const profile: LogProfile = { name: 'kept', logClass: 'durable', maxMessages: 100, maxAgeMs: 1e9, maxBytes: 1e6 };
const PATIENCE_MS = 10_000;

describe('erasures', () => {
  let keyValue: KeyValueStore;
  let log: MemoryLog;
  let archive: ArchiveStore;
  let archiver: Archiver;
  let rig: AuditRig;
  /** While set, the archive erases nothing. */
  let isDown: boolean;
  let errors: unknown[];
  let counts: { erased: number; archiveErased: number; failed: number };
  let ids = 0;

  beforeEach(() => {
    keyValue = createMemoryKeyValueStore();
    log = createMemoryChannelLog({
      spine: createLocalSpine(),
      profileOf: () => profile,
      now: () => 1_750_000_000_000 + ids,
      random: (bytes) => bytes.fill(7),
    });
    archive = createMemoryArchiveStore();
    archiver = startArchiver(archive);
    rig = createAuditRig();
    [isDown, errors] = [false, []];
    counts = { erased: 0, archiveErased: 0, failed: 0 };
  });

  const startArchiver = (store: ConstructorParameters<typeof Archiver>[0]['store']): Archiver => {
    const clock = { now: () => 0, monotonicMs: () => 0 };
    const onError = (error: unknown): void => void errors.push(error);
    const made = new Archiver({ feed: log.feed, store, retentionDays: () => 0, ...clock, onError });
    made.own(true);
    return made;
  };
  const start = (eraser: LogEraser = log.eraser, { channels }: Pick<ArchiveStore, 'channels'> = archive): Erasures => {
    const erasures = new Erasures({
      eraser,
      archive: {
        erase: async (tenant, what, limit) => {
          if (isDown) throw new BusError('UNAVAILABLE');
          return archive.erase(tenant, what, limit);
        },
        channels: (tenant, room, limit) => channels.call(archive, tenant, room, limit),
      },
      archiveNow: () => archiver.tick(),
      beginErasing: async () => undefined,
      endErasing: async () => undefined,
      records: createErasureRecords(keyValue.bucket('ARQON_LOG')),
      audit: rig.audit,
      nextId: () => `e_${ids++}`,
      metrics: {
        erased: ({ erased, archiveErased }) => {
          counts.erased += erased;
          counts.archiveErased += archiveErased;
        },
        failed: () => void counts.failed++,
      },
      onError: (error) => void errors.push(error),
    });
    erasures.own(true);
    return erasures;
  };
  const asked = (what: { readonly room?: string; readonly user?: string; readonly beforeMs?: bigint }) => ({
    what: create(EraseFilterSchema, what),
    requestedBy: 'root',
    traceId: 'trace-1',
  });
  const erase = async (erasures: Erasures, what: Parameters<typeof asked>[0]): Promise<ErasureState> =>
    erasures.ask(acme, await erasures.begin(acme, asked(what)), PATIENCE_MS);
  const publish = async (user: string, count = 1): Promise<void> => {
    for (let n = 0; n < count; n++) {
      const data = new TextEncoder().encode(`canary of ${user}`);
      await log.append({ address, data, user, id: `arq_erasures${ids++}` });
    }
  };
  const archived = async (): Promise<number[][]> => {
    const { epoch } = await log.position(address);
    const { entries } = await archive.readPage(address, epoch, { isNewestFirst: false, limit: 100, maxBytes: 1e6 });
    return entries.map(({ seq, prevSeq }) => [prevSeq, seq]);
  };
  const recorded = async () => {
    const entries = await rig.trail.read(acme, { afterPosition: 0, limit: 100, maxBytes: 1e6 });
    return entries.map(({ data }) => fromBinary(AuditRecordSchema, data));
  };

  it('[LOG-15] [AUD-1] erase from log and archive, what was not copied yet as well, and say so in the trail without content', async () => {
    await publish('ada');
    await publish('eve', 2);
    await archiver.tick();
    await publish('eve');
    await publish('ada');
    expect(await erase(start(), { user: 'eve', beforeMs: 2_000_000_000_000n })).toMatchObject({
      erased: 3,
      archiveErased: 3,
      isDone: true,
    });
    expect(await archived()).toEqual([
      [0, 1],
      [1, 5],
    ]);
    expect(counts).toEqual({ erased: 3, archiveErased: 3, failed: 0 });
    const [intent, done, ...others] = await recorded();
    expect(others).toEqual([]);
    const common = { actor: 'user:root', action: 'op.history.erase', target: 'tenant', traceId: 'trace-1' };
    expect([intent, done]).toMatchObject([
      { ...common, phase: 'intent', details: '{"user":"eve","before":"2033-05-18T03:33:20.000Z"}' },
      { ...common, phase: 'done', details: expect.stringContaining('"erased":3,"archive_erased":3') },
    ]);
    expect(JSON.stringify([intent?.details, done?.details])).not.toContain('canary');
  });

  it('[LOG-15] tell Shields of the tenant, and of no other, once it is done', async () => {
    const told: TenantId[] = [];
    followErasures(keyValue.bucket('ARQON_LOG')).onErased((tenant) => void told.push(tenant));
    await publish('eve');
    await erase(start(), { room: 'science' });
    expect(told.filter((tenant) => tenant === acme).length).toBeGreaterThan(0);
    expect(told.filter((tenant) => tenant !== acme)).toEqual([]);
  });

  it('[LOG-15] [R-18] go on by themselves where the archive was away, and say once that they cannot', async () => {
    await publish('eve', 2);
    await archiver.tick();
    const erasures = start();
    isDown = true;
    const erasureId = await erasures.begin(acme, asked({ user: 'eve' }));
    await expect(erasures.ask(acme, erasureId, PATIENCE_MS)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    for (let second = 0; second < 3; second++) await erasures.tick();
    expect([errors.length, counts.failed, erasures.pending()]).toEqual([1, 4, 1]);
    isDown = false;
    await erasures.tick();
    expect(await erasures.ask(acme, erasureId, PATIENCE_MS)).toMatchObject({
      isDone: true,
      erased: 2,
      archiveErased: 2,
    });
    expect((await recorded()).map(({ phase }) => phase)).toEqual(['intent', 'done']);
  });

  it('[LOG-15] [BRN-1] are ended by the Brain that takes over', async () => {
    await publish('eve', 2);
    const first = start();
    isDown = true;
    const erasureId = await first.begin(acme, asked({ user: 'eve' }));
    await expect(first.ask(acme, erasureId, PATIENCE_MS)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    first.own(false);
    isDown = false;
    await first.tick();
    const next = start();
    expect(await next.ask(acme, erasureId, PATIENCE_MS)).toMatchObject({ isDone: false });
    await next.tick();
    expect(await next.ask(acme, erasureId, PATIENCE_MS)).toMatchObject({ isDone: true });
    // Whoever asks a third one hears it from the record.
    expect(await start().ask(acme, erasureId, PATIENCE_MS)).toMatchObject({ isDone: true, archiveErased: 2 });
    await expect(start().ask('globex' as TenantId, erasureId, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await archived()).toEqual([]);
  });

  it('[LOG-15] [ARC-3] are counted and told once, by the first who is done, where two Brains believe to erase', async () => {
    await publish('eve', 2);
    let wake = (): void => undefined;
    const woken = new Promise<void>((resolve) => void (wake = resolve));
    let asks = 0;
    const slow: LogEraser = {
      ...log.eraser,
      // The first look is that of `begin`.
      parts: async (...about) => {
        if ((asks += 1) > 1) await woken;
        return log.eraser.parts(...about);
      },
    };
    const frozen = start(slow);
    const erasureId = await frozen.begin(acme, asked({ user: 'eve' }));
    await start().tick();
    wake();
    await frozen.tick();
    const state = { isDone: true, erased: 2, archiveErased: 2 };
    expect(await start().ask(acme, erasureId, PATIENCE_MS)).toMatchObject(state);
    expect((await recorded()).map(({ phase }) => phase)).toEqual(['intent', 'done']);
    expect([await archived(), errors]).toEqual([[], []]);
  });

  it('[LOG-15] bring nothing back that somebody was copying meanwhile', async () => {
    await publish('eve', 3);
    const racing = startArchiver({
      position: (source, incarnation) => archive.position(source, incarnation),
      expire: (beforeMs) => archive.expire(beforeMs),
      add: async (batch) => {
        await erase(start(), { user: 'eve' });
        return archive.add(batch);
      },
    });
    await racing.tick();
    expect(await archived()).toEqual([]);
    await archiver.tick();
    expect([await archived(), errors]).toEqual([[], []]);
  });

  it('[LOG-15] [AUD-3] begin nothing that the trail cannot tell, or that the log cannot do', async () => {
    await publish('eve');
    rig.failure = new BusError('UNAVAILABLE');
    await expect(start().begin(acme, asked({ user: 'eve' }))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    rig.failure = undefined;
    const refusal = new BusError('FEATURE_DISABLED');
    const erasures = start({ parts: () => Promise.reject(refusal) });
    await expect(erasures.begin(acme, asked({ user: 'eve' }))).rejects.toBe(refusal);
    const away = { ...archive, channels: () => Promise.reject(new BusError('UNAVAILABLE')) };
    await expect(start(log.eraser, away).begin(acme, asked({ user: 'eve' }))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect([await log.read(address, { limit: 9 }), await recorded()]).toMatchObject([[{ seq: 1 }], []]);
  });

  it('[LOG-15] [PRD-4] are bounded for each tenant by itself, and those that are done are forgotten after a while', async () => {
    const erasures = start();
    isDown = true;
    for (let n = 0; n < MAX_PENDING; n++) await erasures.begin(acme, asked({ user: 'eve' }));
    await expect(erasures.begin(acme, asked({ user: 'eve' }))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(start().begin(acme, asked({ user: 'eve' }))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const phases = (await recorded()).map(({ phase }) => phase);
    // The first is refused before anything is written, that of a Brain which does not know of the others yet after its intent.
    expect(phases).toEqual([...Array.from({ length: MAX_PENDING + 1 }, () => 'intent'), 'failed']);
    await erasures.begin('globex' as TenantId, asked({ user: 'eve' }));
    isDown = false;
    await erasures.tick();
    for (let n = 0; n < 20; n++) await erase(erasures, { user: 'eve' });
    const entry = await keyValue.bucket('ARQON_LOG').get(erasuresKey(acme));
    const record = fromBinary(TenantErasuresSchema, entry?.value ?? new Uint8Array());
    expect([record.erasures.length, record.erasures.every(({ isDone }) => isDone)]).toEqual([8, true]);
    expect(record.serial).toBe(BigInt(MAX_PENDING + 20));
  });
});
