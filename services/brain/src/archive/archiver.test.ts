import { BusError, SHIPPED_PROFILES } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { createLocalSpine, createLogRules, createMemoryChannelLog } from '@arqonbus/spine';
import type { MemoryLog } from '@arqonbus/spine';
import { createMemoryArchiveStore } from '@arqonbus/storage';
import type { ArchiveStore } from '@arqonbus/storage';
import { beforeEach, describe, expect, it } from 'vitest';
import { Archiver } from './archiver.ts';

const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
const DAY_MS = 86_400_000;

describe('copying the log to the archive', () => {
  let nowMs: number;
  let log: MemoryLog;
  let store: ArchiveStore;
  /** While set, the store refuses everything. */
  let isDown: boolean;
  let retentionDays: number;
  let errors: unknown[];
  let counts: { copied: number; missing: number; failed: number; expired: number };
  let ids = 0;

  beforeEach(() => {
    nowMs = 1_750_000_000_000;
    [isDown, retentionDays, errors] = [false, 0, []];
    counts = { copied: 0, missing: 0, failed: 0, expired: 0 };
    const profiles = SHIPPED_PROFILES.map((profile) =>
      profile.name === 'durable' ? { ...profile, maxMessages: 10 } : profile,
    );
    log = createMemoryChannelLog({
      spine: createLocalSpine(),
      profileOf: createLogRules(profiles, [{ pattern: 'science:*', profile: 'durable' }]),
      now: () => nowMs,
      random: (bytes) => bytes.fill(7),
    });
    store = createMemoryArchiveStore();
  });

  const reachable = <T>(work: () => Promise<T>): Promise<T> =>
    isDown ? Promise.reject(new BusError('UNAVAILABLE')) : work();
  const start = (using: Pick<ArchiveStore, 'position' | 'add' | 'expire'> = store): Archiver => {
    const archiver = new Archiver({
      feed: log.feed,
      store: {
        position: (source, incarnation) => reachable(() => using.position(source, incarnation)),
        add: (batch) => reachable(() => using.add(batch)),
        expire: (beforeMs) => reachable(() => using.expire(beforeMs)),
      },
      retentionDays: () => retentionDays,
      now: () => nowMs,
      monotonicMs: () => nowMs,
      metrics: {
        copied: (count) => void (counts.copied += count),
        missing: (count) => void (counts.missing += count),
        failed: () => void (counts.failed += 1),
        expired: (days) => void (counts.expired += days),
      },
      onError: (error) => void errors.push(error),
    });
    archiver.own(true);
    return archiver;
  };
  const publish = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      await log.append({ address, data: new Uint8Array(9), user: 'ada', id: `arq_archive${ids++}` });
    }
  };
  const archived = async (): Promise<readonly (readonly number[])[]> => {
    const { epoch } = await log.position(address);
    const { entries } = await store.readPage(address, epoch, { isNewestFirst: false, limit: 10_000, maxBytes: 1e9 });
    return entries.map(({ seq, prevSeq }) => [seq, prevSeq]);
  };
  const chain = (from: number, to: number): number[][] =>
    Array.from({ length: to - from + 1 }, (_, n) => [from + n, from + n - 1]);

  it('[LOG-15] goes on where it was, in many batches, and copies nothing that is not archived', async () => {
    const archiver = start();
    await publish(5);
    await log.append({
      address: { ...address, room: 'lab' },
      data: new Uint8Array(9),
      user: 'ada',
      id: 'arq_other001',
    });
    await archiver.tick();
    await publish(5);
    await archiver.tick();
    expect((await archived()).map(([seq]) => seq)).toEqual([1, 2, 3, 4, 5, 7, 8, 9, 10, 11]);
    expect(counts).toEqual({ copied: 10, missing: 0, failed: 0, expired: 0 });
    expect(archiver.lag()).toEqual({ archiveLagMessages: 0, archiveLagSeconds: 0 });
  });

  it('[LOG-15] [BRN-1] two that believe to be the one add everything once; one that takes over goes on', async () => {
    const [one, other] = [start(), start()];
    for (let round = 0; round < 5; round++) {
      await publish(4);
      await Promise.all([one.tick(), other.tick()]);
    }
    await Promise.all([one.tick(), other.tick()]);
    expect(await archived()).toEqual(chain(1, 20));
    expect(errors).toEqual([]);
    await publish(4);
    one.own(false);
    await one.tick();
    await start().tick();
    expect(await archived()).toEqual(chain(1, 24));
  });

  it('[LOG-15] [R-18] lags while the store is away, says so once, and loses and doubles nothing that the log still holds', async () => {
    const archiver = start();
    await publish(3);
    await archiver.tick();
    isDown = true;
    await publish(2);
    await archiver.tick();
    await publish(4);
    for (let second = 0; second < 5; second++) {
      await archiver.tick();
      nowMs += 1_000;
    }
    expect(archiver.lag()).toEqual({ archiveLagMessages: 6, archiveLagSeconds: 5 });
    expect([errors.length, counts.failed]).toEqual([1, 6]);
    isDown = false;
    await archiver.tick();
    expect(await archived()).toEqual(chain(1, 9));
    expect(archiver.lag()).toEqual({ archiveLagMessages: 0, archiveLagSeconds: 0 });
  });

  it('[LOG-15] counts what the log gave up before it could be copied, and leaves a hole that can be seen', async () => {
    const archiver = start();
    await publish(3);
    await archiver.tick();
    await publish(25);
    await archiver.tick();
    expect(counts.missing).toBe(15);
    // It names its predecessor, which is not there.
    expect(await archived()).toEqual([...chain(1, 3), ...chain(19, 28)]);
  });

  it('[LOG-15] makes what was read before an erasure no part of the archive', async () => {
    const archiver = start();
    await publish(3);
    const racing = start({
      position: (source, incarnation) => store.position(source, incarnation),
      expire: (beforeMs) => store.expire(beforeMs),
      add: async (batch) => {
        // The log has forgotten them since they were read.
        await log.trim(address, Number.MAX_SAFE_INTEGER);
        await store.erase(address.tenant, {}, 100);
        return store.add(batch);
      },
    });
    await archiver.tick();
    await publish(3);
    await racing.tick();
    expect(await archived()).toEqual([]);
    expect(errors).toEqual([]);
    await archiver.tick();
    await archiver.tick();
    expect([await archived(), errors]).toEqual([[], []]);
  });

  it('[LOG-15] gives up whole days beyond the retention, which may change while it runs', async () => {
    const archiver = start();
    await publish(2);
    await archiver.tick();
    nowMs += 3 * DAY_MS;
    await publish(2);
    await archiver.tick();
    expect(await archived()).toHaveLength(4);
    retentionDays = 2;
    nowMs += DAY_MS / 24;
    await archiver.tick();
    expect(await archived()).toEqual(chain(3, 4));
    expect(counts.expired).toBe(1);
  });
});
