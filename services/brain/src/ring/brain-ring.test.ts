import { describe, expect, it, vi } from 'vitest';
import { BusError } from '@arqonbus/protocol';
import { PARTITIONS, createMemoryKeyValueStore } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import { BRAIN_LEASE_MS, BrainRing } from './brain-ring.ts';
import { ownerOf } from './owner-of.ts';

const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);

function createRig() {
  const bucket = createMemoryKeyValueStore().bucket('ARQON_BRAINS');
  const errors: unknown[] = [];
  const rig = { nowMs: 0, isCut: false };
  /** The bucket as a Brain sees it that is cut off while `isCut` holds. */
  const fragile: KeyValue = {
    get: (key) => bucket.get(key),
    create: (key, value) => bucket.create(key, value),
    update: (key, value, revision) =>
      rig.isCut ? Promise.reject(new BusError('UNAVAILABLE')) : bucket.update(key, value, revision),
    delete: (key, revision) => bucket.delete(key, revision),
    list: (prefix) => bucket.list(prefix),
    watch: (prefix, onChange) => bucket.watch(prefix, onChange),
  };
  const start = async (id: string, on: KeyValue = bucket) => {
    const state = { owned: [] as number[] };
    const ring = new BrainRing({
      id,
      bucket: on,
      monotonicMs: () => rig.nowMs,
      onOwned: (owned) => (state.owned = [...owned].toSorted((a, b) => a - b)),
      onError: (error) => errors.push(error),
    });
    await ring.open();
    const end = async (): Promise<void> => {
      await ring.leave();
      ring.close();
    };
    return { ring, state, end };
  };
  return { rig, bucket, fragile, errors, start };
}

describe('ownerOf', () => {
  it('[ARC-3] gives every partition one owner, and moves none but those of who came or went', () => {
    const three = ['b1', 'b2', 'b3'];
    const before = all.map((partition) => ownerOf(partition, three));
    expect(new Set(before)).toEqual(new Set(three));
    const staying = all.filter((partition) => before[partition] !== 'b2');
    expect(staying.map((partition) => ownerOf(partition, ['b3', 'b1']))).toEqual(
      staying.map((partition) => before[partition]),
    );
    expect(ownerOf(0, [])).toBeUndefined();
  });
});

describe('the ring of Brains', () => {
  it('[ARC-3] [BRN-1] shares the partitions among those that live, each once', async () => {
    const { start } = createRig();
    const one = await start('b1');
    expect(one.state.owned).toEqual(all);
    const two = await start('b2');
    await vi.waitFor(() => expect([...one.state.owned, ...two.state.owned].toSorted((a, b) => a - b)).toEqual(all));
    expect([one.state.owned.length > 0, two.state.owned.length > 0]).toEqual([true, true]);
    await one.end();
    await two.end();
  });

  it('[BRN-1] gives the partitions of one that leaves to the others at once', async () => {
    const { start, bucket } = createRig();
    const one = await start('b1');
    const two = await start('b2');
    await vi.waitFor(() => expect(one.state.owned.length).toBeLessThan(PARTITIONS));
    await two.end();
    await vi.waitFor(() => expect(one.state.owned).toEqual(all));
    expect(await bucket.get('b2')).toBeUndefined();
    await one.end();
  });

  it('[ARC-3] gives the partitions of one that is silent to the others when its lease is over, and not before', async () => {
    const { rig, start } = createRig();
    const one = await start('b1');
    await start('b2');
    await vi.waitFor(() => expect(one.state.owned.length).toBeLessThan(PARTITIONS));
    for (let passed = 1_000; passed < BRAIN_LEASE_MS; passed += 1_000) {
      rig.nowMs += 1_000;
      await one.ring.tick();
      expect(one.state.owned.length).toBeLessThan(PARTITIONS);
    }
    rig.nowMs += 1_000;
    await one.ring.tick();
    expect(one.state.owned).toEqual(all);
    await one.end();
  });

  it('[ARC-3] takes everything from one that cannot renew its lease, before others have it', async () => {
    const { rig, start, fragile, errors } = createRig();
    const cut = await start('b1', fragile);
    rig.isCut = true;
    rig.nowMs += BRAIN_LEASE_MS - 1;
    await cut.ring.tick();
    expect([cut.state.owned.length, errors.length]).toEqual([PARTITIONS, 1]);
    rig.nowMs += 1;
    await cut.ring.tick();
    expect(cut.state.owned).toEqual([]);
    rig.isCut = false;
    await cut.ring.tick();
    expect(cut.state.owned).toEqual(all);
    await cut.end();
  });

  it('[ARC-3] comes back when its lease was removed, and forgets the leases of those long gone', async () => {
    const { rig, bucket, start } = createRig();
    const one = await start('b1');
    await start('b2');
    await bucket.delete('b1');
    await one.ring.tick();
    await one.ring.tick();
    expect(await bucket.get('b1')).toBeDefined();
    for (let passed = 0; passed <= 60_000; passed += 1_000) {
      rig.nowMs += 1_000;
      await one.ring.tick();
    }
    expect((await bucket.list('')).map(({ key }) => key)).toEqual(['b1']);
    expect(one.state.owned).toEqual(all);
    await one.end();
  });

  it('[BRN-1] tells a Brain that leaves when nobody is left who could take over', async () => {
    const { start } = createRig();
    const [one, two] = [await start('b1'), await start('b2')];
    await vi.waitFor(() => expect(one.state.owned.length).toBeLessThan(PARTITIONS));
    let isAlone = false;
    await one.ring.leave();
    const alone = one.ring.whenAlone().then(() => (isAlone = true));
    await new Promise(setImmediate);
    expect(isAlone).toBe(false);
    await two.ring.leave();
    await alone;
    await two.ring.whenAlone();
    for (const { ring } of [one, two]) ring.close();
  });
});
