import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { channelKey, roomPrefix, tenantPrefix } from '../subjects/keys.ts';
import type { KeyValue, KeyValueChange, KeyValueStore } from './key-value.ts';

/** Opens a store. Two that are open at once hold the same buckets; `close` ends what was opened. */
export type OpenKeyValueStore = () => Promise<{
  readonly near: KeyValueStore;
  readonly far: KeyValueStore;
  close(): Promise<void>;
}>;

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const string = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value);

/** What every key-value store does (ARC-7). */
export function describeKeyValue(name: string, open: OpenKeyValueStore): void {
  describe(`KeyValueStore: ${name}`, () => {
    let store: Awaited<ReturnType<OpenKeyValueStore>>;
    let near: KeyValue;
    let far: KeyValue;
    let tenant: TenantId;
    let key: string;

    beforeEach(async () => {
      store = await open();
      near = store.near.bucket('ARQON_CHANNELS');
      far = store.far.bucket('ARQON_CHANNELS');
      // Keys of its own keep tests apart in a bucket that outlives them.
      tenant = `t-${randomUUID()}` as TenantId;
      key = channelKey(tenant, 'science', 'general');
    });

    afterEach(() => store.close());

    const history = (bucket: KeyValue, prefix: string) => {
      const changes: KeyValueChange[] = [];
      const watch = bucket.watch(prefix, (change) => changes.push(change));
      const { ready } = watch;
      return {
        ready,
        isCurrent: () => watch.isCurrent(),
        stop: () => watch.stop(),
        changes,
        told: () => changes.map(({ key: changed, value }) => [changed, string(value)]),
      };
    };

    it('[PRS-5] gives back what was written, with the revision that wrote it', async () => {
      expect(await near.get(key)).toBeUndefined();
      const first = await near.create(key, bytes('one'));
      expect(await far.get(key)).toEqual({ key, value: bytes('one'), revision: first });
      const second = await far.update(key, bytes('two \u{1f680}'), first);
      expect(second).toBeGreaterThan(first);
      expect(await near.get(key)).toEqual({ key, value: bytes('two \u{1f680}'), revision: second });
    });

    it('[PRS-5] writes an existing key, or one that has moved on, for nobody', async () => {
      const first = await near.create(key, bytes('one'));
      await expect(far.create(key, bytes('mine'))).rejects.toMatchObject({ code: 'CONFLICT' });
      await near.update(key, bytes('two'), first);
      await expect(far.update(key, bytes('mine'), first)).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(far.delete(key, first)).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(string((await near.get(key))?.value)).toBe('two');
      await expect(far.update(channelKey(tenant, 'science', 'none'), bytes('x'), first)).rejects.toMatchObject({
        code: 'CONFLICT',
      });
    });

    it('[PRS-5] lets one of many that create the same key win', async () => {
      const tries = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? near : far).create(key, bytes(`${i}`)));
      const outcomes = await Promise.allSettled(tries);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('[PRS-5] forgets a deleted key, which can then be made anew', async () => {
      const first = await near.create(key, bytes('one'));
      await near.delete(key, first);
      expect(await far.get(key)).toBeUndefined();
      await near.delete(key);
      await near.delete(key, first);
      expect(await far.create(key, bytes('again'))).toBeGreaterThan(first);
      await near.delete(key);
      expect(await far.list(tenantPrefix(tenant))).toEqual([]);
    });

    it('[PRD-4] lists the entries under a prefix by key, and no others', async () => {
      const foreign = channelKey(`${tenant}x` as TenantId, 'science', 'general');
      await near.create(foreign, bytes('foreign'));
      for (const channel of ['c', 'a', 'b']) await near.create(channelKey(tenant, 'science', channel), bytes(channel));
      await near.create(channelKey(tenant, 'science2', 'a'), bytes('other room'));
      const entries = await far.list(roomPrefix(tenant, 'science'));
      expect(entries.map(({ value }) => string(value))).toEqual(['a', 'b', 'c']);
      expect(await far.list(tenantPrefix(tenant))).toHaveLength(4);
      await near.delete(foreign);
    });

    it('[ARC-7] keeps its own copy of a value', async () => {
      const value = bytes('before');
      await near.create(key, value);
      value.fill(0);
      expect(string((await near.get(key))?.value)).toBe('before');
    });

    it('[PRD-4] keeps buckets apart', async () => {
      await near.create(key, bytes('a channel'));
      const bans = store.near.bucket('ARQON_BANS');
      expect(await bans.get(key)).toBeUndefined();
      expect(await bans.list(tenantPrefix(tenant))).toEqual([]);
    });

    it('[SPN-6] tells a watcher what exists, then every change in order', async () => {
      const other = channelKey(tenant, 'science', 'explore');
      await near.create(other, bytes('old'));
      const watch = history(far, tenantPrefix(tenant));
      expect(watch.isCurrent()).toBe(false);
      await watch.ready;
      expect(watch.isCurrent()).toBe(true);
      expect(watch.told()).toEqual([[other, 'old']]);
      let revision = await near.create(key, bytes('0'));
      for (let i = 1; i <= 50; i++) revision = await near.update(key, bytes(`${i}`), revision);
      await near.delete(key);
      await near.create(channelKey(`${tenant}x` as TenantId, 'science', 'general'), bytes('foreign'));
      await near.create(key, bytes('new'));
      await vi.waitFor(() => expect(watch.told().at(-1)).toEqual([key, 'new']));
      const values = Array.from({ length: 51 }, (_, i) => [key, `${i}`]);
      expect(watch.told()).toEqual([[other, 'old'], ...values, [key, undefined], [key, 'new']]);
      const revisions = watch.changes.map((change) => change.revision);
      expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
      watch.stop();
    });

    it('[SPN-6] is ready at once where there is nothing, and tells nothing once stopped', async () => {
      const stopped = history(far, tenantPrefix(tenant));
      const running = history(far, tenantPrefix(tenant));
      await Promise.all([stopped.ready, running.ready]);
      stopped.stop();
      await near.create(key, bytes('x'));
      await vi.waitFor(() => expect(running.told()).toEqual([[key, 'x']]));
      expect(stopped.told()).toEqual([]);
      expect([stopped.isCurrent(), running.isCurrent()]).toEqual([false, true]);
      running.stop();
    });
  });
}
