import type { TenantId } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import type { ReadRange } from '../channel-log.ts';
import { RecentIds } from './recent-ids.ts';

const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };

/** A channel that the test fills; reads wait for it where `holds`. */
function createRig() {
  const stored: { seq: number; id: string; timestampMs: number }[] = [];
  const ranges: ReadRange[] = [];
  const held: (() => void)[] = [];
  const state = { nowMs: 1_000_000, holds: false, isAway: false };
  const ids = new RecentIds({
    now: () => state.nowMs,
    read: async (_, range, onMessage) => {
      ranges.push(range);
      if (state.isAway) throw new Error('away');
      const { afterSeq = 0, sinceMs = 0 } = range;
      const found = stored.filter(({ seq, timestampMs }) => seq >= afterSeq && timestampMs >= sinceMs);
      if (state.holds) await new Promise<void>((resolve) => void held.push(resolve));
      for (const message of found) onMessage(message);
    },
  });
  const store = (id: string): void => {
    stored.push({ seq: stored.length + 1, id, timestampMs: state.nowMs });
  };
  return { ids, store, ranges, held, state };
}

describe('recent ids', () => {
  it('[LOG-5] are those of the last 120 s, read once and then only what is new', async () => {
    const { ids, store, ranges, state } = createRig();
    store('old');
    state.nowMs += 200_000;
    store('a');
    expect(await ids.seqOf(address, 'e', 'a')).toBe(2);
    store('b');
    const found = ['old', 'a', 'b', 'c'].map((id) => ids.seqOf(address, 'e', id));
    expect(await Promise.all(found)).toEqual([undefined, 2, 3, undefined]);
    expect(ranges.map(({ sinceMs, afterSeq }) => ({ sinceMs, afterSeq }))).toEqual([
      { sinceMs: 1_050_000, afterSeq: undefined },
      { sinceMs: undefined, afterSeq: 2 },
    ]);
    state.nowMs += 200_000;
    await ids.seqOf(address, 'e', 'a');
    expect(await ids.seqOf(address, 'e', 'a')).toBeUndefined();
  });

  it('[LOG-5] are read anew for who asks while a read is under way, once for all of them', async () => {
    const { ids, store, ranges, held, state } = createRig();
    state.holds = true;
    const early = ids.seqOf(address, 'e', 'late');
    await Promise.resolve();
    store('late');
    const later = [1, 2, 3].map(() => ids.seqOf(address, 'e', 'late'));
    state.holds = false;
    for (const release of held) release();
    await early;
    expect(await Promise.all(later)).toEqual([1, 1, 1]);
    expect(ranges).toHaveLength(2);
  });

  it('[LOG-5] [LOG-4] are asked for again where they could not be read, and forgotten with their epoch', async () => {
    const { ids, store, ranges, state } = createRig();
    store('a');
    state.isAway = true;
    await expect(ids.seqOf(address, 'e', 'a')).rejects.toThrow('away');
    state.isAway = false;
    expect(await ids.seqOf(address, 'e', 'a')).toBe(1);
    expect(await ids.seqOf(address, 'e2', 'a')).toBe(1);
    expect(ranges.at(-1)).toMatchObject({ sinceMs: 850_000 });
  });
});
