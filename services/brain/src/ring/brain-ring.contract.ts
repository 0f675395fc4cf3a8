import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BusError } from '@arqonbus/protocol';
import { PARTITIONS } from '@arqonbus/spine';
import type { KeyValue, KeyValueStore } from '@arqonbus/spine';
import { BRAIN_LEASE_MS, BrainRing } from './brain-ring.ts';

/** Opens a store of buckets. Two that are open at once hold the same; `close` ends what was opened. */
export type OpenRingStore = () => Promise<{
  readonly near: KeyValueStore;
  readonly far: KeyValueStore;
  close(): Promise<void>;
}>;

const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
/** A busy machine is no fault of a ring under test. */
const PATIENCE_MS = 30_000;
const patient = { timeout: PATIENCE_MS };
const WORK = 'work';

/**
 * The lease and the fence of what must be done once (ARC-3, decision 0034): the ring says who owns a partition, and what an owner
 * writes is refused by its revision once another has written. Of every {@link KeyValueStore}.
 */
export function describeBrainRing(name: string, open: OpenRingStore): void {
  describe(`BrainRing: ${name}`, { timeout: 2 * PATIENCE_MS }, () => {
    let store: Awaited<ReturnType<OpenRingStore>>;
    let leases: KeyValue;
    let nowMs: number;
    let isCut: boolean;
    let unheard: (() => void)[];
    let errors: unknown[];
    let rings: BrainRing[];

    beforeEach(async () => {
      store = await open();
      leases = store.near.bucket('ARQON_BRAINS');
      for (const { key } of await leases.list('')) await leases.delete(key);
      [nowMs, isCut, unheard, errors, rings] = [0, false, [], [], []];
    });
    afterEach(async () => {
      for (const ring of rings) ring.close();
      await store.close();
    });

    const start = async (id: string, bucket: KeyValue = leases) => {
      const state = { owned: [] as number[], isRefusing: false };
      const ring = new BrainRing({
        id,
        bucket,
        monotonicMs: () => nowMs,
        onOwned: (owned) => {
          if (state.isRefusing) throw new BusError('UNAVAILABLE', 'not now');
          state.owned = [...owned].toSorted((a, b) => a - b);
        },
        onError: (error) => errors.push(error),
      });
      rings.push(ring);
      await ring.open();
      return { ring, state };
    };
    /** Two of them, which know of each other. */
    const startPair = async (bucket = leases) => {
      const one = await start('b1', bucket);
      const two = await start('b2', store.far.bucket('ARQON_BRAINS'));
      await vi.waitFor(() => expect([...one.state.owned, ...two.state.owned].toSorted(byNumber)).toEqual(all), patient);
      return { one, two };
    };
    /** Lets so many seconds go by, in which one of them alone does something. */
    const pass = async (seconds: number, { ring }: { readonly ring: BrainRing }): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        nowMs += 1_000;
        await ring.tick();
      }
    };
    /** The bucket as a Brain sees it that can write nothing, and hears of nothing yet, while `isCut` holds. */
    const fragile = (bucket: KeyValue): KeyValue => ({
      get: (key) => bucket.get(key),
      create: (key, value) => bucket.create(key, value),
      update: (key, value, revision) =>
        isCut ? Promise.reject(new BusError('UNAVAILABLE')) : bucket.update(key, value, revision),
      delete: (key, revision) => bucket.delete(key, revision),
      list: (prefix) => bucket.list(prefix),
      watch: (prefix, onChange) =>
        bucket.watch(prefix, (change) => (isCut ? void unheard.push(() => onChange(change)) : onChange(change))),
    });

    it('[ARC-3] [BRN-1] [R-23] two believe to own all: what the first writes then is refused, and it owns nothing once it looks', async () => {
      const { one, two } = await startPair(fragile(leases));
      const [own, others] = [store.near.bucket('ARQON_LOG'), store.far.bucket('ARQON_LOG')];
      const known = await own.get(WORK);
      const revision = known?.revision ?? (await own.create(WORK, text('begun')));
      const held = one.state.owned;
      // The first stands still; the second sees nothing of it for a lease, and goes on with its work.
      isCut = true;
      await pass(BRAIN_LEASE_MS / 1_000 + 1, two);
      expect([two.state.owned, one.state.owned]).toEqual([all, held]);
      const found = await others.get(WORK);
      const taken = await others.update(WORK, text('by the second'), found?.revision ?? 0);
      await expect(own.update(WORK, text('by the first'), revision)).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(own.delete(WORK, revision)).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(await own.get(WORK)).toEqual({ key: WORK, value: text('by the second'), revision: taken });
      // It need not be told: its own clock says so, before it has renewed anything.
      isCut = false;
      expect(one.ring.isOver()).toBe(true);
      const renewing = one.ring.tick();
      expect(one.state.owned).toEqual([]);
      for (const hear of unheard) hear();
      await renewing;
      await vi.waitFor(
        () => expect([one.state.owned, two.state.owned].flat().toSorted(byNumber)).toEqual(all),
        patient,
      );
      expect(errors).toEqual([]);
    });

    it('[ARC-3] [BRN-1] shares the partitions among those that live, each once', async () => {
      const one = await start('b1');
      expect(one.state.owned).toEqual(all);
      const two = await start('b2', store.far.bucket('ARQON_BRAINS'));
      await vi.waitFor(() => expect([...one.state.owned, ...two.state.owned].toSorted(byNumber)).toEqual(all), patient);
      expect([one.state.owned.length > 0, two.state.owned.length > 0]).toEqual([true, true]);
    });

    it('[BRN-1] gives the partitions of one that leaves to the others at once', async () => {
      const { one, two } = await startPair();
      await two.ring.leave();
      await vi.waitFor(() => expect(one.state.owned).toEqual(all), patient);
      expect(await leases.get('b2')).toBeUndefined();
    });

    it('[ARC-3] gives the partitions of one that is silent to the others when its lease is over, and not before', async () => {
      const { one } = await startPair();
      await pass(BRAIN_LEASE_MS / 1_000 - 1, one);
      expect(one.state.owned.length).toBeLessThan(PARTITIONS);
      await pass(1, one);
      expect(one.state.owned).toEqual(all);
    });

    it('[ARC-3] takes everything from one that cannot renew its lease, before others have it', async () => {
      const cut = await start('b1', fragile(leases));
      isCut = true;
      nowMs += BRAIN_LEASE_MS - 1;
      await cut.ring.tick();
      expect([cut.state.owned.length, errors.length]).toEqual([PARTITIONS, 1]);
      nowMs += 1;
      await cut.ring.tick();
      expect(cut.state.owned).toEqual([]);
      isCut = false;
      await cut.ring.tick();
      expect(cut.state.owned).toEqual(all);
    });

    it('[BRN-1] [SPN-4] tells again what its Brain could not take over just then: nobody else would', async () => {
      const { one, two } = await startPair();
      one.state.isRefusing = true;
      await two.ring.leave();
      await vi.waitFor(() => expect(errors).toMatchObject([{ message: 'not now' }]), patient);
      await one.ring.tick();
      one.state.isRefusing = false;
      expect(one.state.owned.length).toBeLessThan(PARTITIONS);
      await one.ring.tick();
      expect(one.state.owned).toEqual(all);
    });

    it('[ARC-3] comes back when its lease was removed, and forgets the leases of those long gone', async () => {
      const { one } = await startPair();
      await leases.delete('b1');
      await one.ring.tick();
      await one.ring.tick();
      expect(await leases.get('b1')).toBeDefined();
      await pass(61, one);
      expect((await leases.list('')).map(({ key }) => key)).toEqual(['b1']);
      expect(one.state.owned).toEqual(all);
    });

    it('[BRN-1] tells a Brain that leaves when nobody is left who could take over', async () => {
      const { one, two } = await startPair();
      let isAlone = false;
      await one.ring.leave();
      const alone = one.ring.whenAlone().then(() => (isAlone = true));
      await new Promise(setImmediate);
      expect(isAlone).toBe(false);
      await two.ring.leave();
      await alone;
      await two.ring.whenAlone();
    });
  });
}

function byNumber(a: number, b: number): number {
  return a - b;
}
