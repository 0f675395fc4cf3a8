import { SHIPPED_PROFILES } from '@arqonbus/protocol';
import type { LogRule, TenantId } from '@arqonbus/protocol';
import { describe, expect, it, vi } from 'vitest';
import { createMemoryKeyValueStore } from '../../key-value/memory-key-value.ts';
import { LOG_LAYOUTS_KEY } from '../../subjects/keys.ts';
import type { ChannelAddress } from '../channel-log.ts';
import { followLayouts } from './follow-layouts.ts';
import { createLogLayout, decodeLayouts, encodeLayouts, isSameLayout, streamsOf } from './log-layout.ts';
import type { LogLayout, NumberedLayout } from './log-layout.ts';
import { LogPlaces } from './log-places.ts';

const science: ChannelAddress = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
const lab: ChannelAddress = { ...science, room: 'lab' };

function layoutOf(rules: readonly LogRule[] = [], spread: Partial<LogLayout> = {}): LogLayout {
  return createLogLayout(SHIPPED_PROFILES, rules, spread);
}

function numbered(...layouts: readonly LogLayout[]): readonly NumberedLayout[] {
  return layouts.map((layout, index) => ({ ...layout, generation: index + 1 }));
}

describe('where the log keeps channels', () => {
  it('[LOG-2] spreads tenants over shards, the same in every process, and all of a tenant on one', () => {
    const [one, other] = [new LogPlaces(layoutOf([], { shards: 4 })), new LogPlaces(layoutOf([], { shards: 4 }))];
    const shards = new Set<string>();
    for (let n = 0; n < 100; n++) {
      const address = { ...science, tenant: `tenant-${n}` as TenantId };
      const { shard, stream } = one.placeOf(address);
      expect(other.placeOf(address)).toMatchObject({ shard, stream });
      expect(one.placeOf({ ...address, room: 'another' }).shard).toBe(shard);
      expect(stream).toBe(`LOG_default_${String(shard)}`);
      shards.add(String(shard));
    }
    expect([...shards].toSorted()).toEqual(['0', '1', '2', '3']);
  });

  it('[LOG-2] gives a dedicated tenant streams that no other tenant can reach', () => {
    const places = new LogPlaces(layoutOf([], { shards: 2, dedicated: ['acme', 'a.b'] }));
    expect(places.placeOf(science)).toMatchObject({ stream: 'LOG_default_=acme', shard: 'acme' });
    expect(places.placeOf({ ...science, tenant: 'a.b' as TenantId }).stream).toBe('LOG_default_=a~b');
    expect(places.placeOf({ ...science, tenant: 'globex' as TenantId }).stream).toMatch(/^LOG_default_[01]$/);
    expect(streamsOf(places.layout)).toHaveLength(3 * 4);
    expect(new Set(streamsOf(places.layout).map(({ stream }) => stream)).size).toBe(3 * 4);
  });

  it('[LOG-4] moves a channel to another generation when a rule moves it, and no other channel', () => {
    const places = new LogPlaces(layoutOf());
    const live = layoutOf([{ pattern: 'science:*', profile: 'live' }]);
    const history = numbered(layoutOf(), live);
    places.take(history);
    expect(places.profileOf('science', 'general').logClass).toBe('live');
    expect(places.placeOf(science)).toMatchObject({ generation: 2, stream: '' });
    expect(places.placeOf(lab)).toMatchObject({ generation: 1 });
    // Back where it was: the same stream, and yet what was published meanwhile is not in it.
    places.take(numbered(layoutOf(), live, layoutOf()));
    expect(places.placeOf(science)).toMatchObject({ generation: 3, stream: 'LOG_default_0' });
    expect(places.placeOf(lab)).toMatchObject({ generation: 1, stream: 'LOG_default_0' });
  });

  it('[LOG-4] moves nothing where only limits change, and all tenants that another number of shards moves', () => {
    const places = new LogPlaces(layoutOf());
    const roomier = SHIPPED_PROFILES.map((profile) => ({ ...profile, maxMessages: profile.maxMessages * 2 }));
    places.take(numbered(layoutOf(), createLogLayout(roomier)));
    expect(places.placeOf(science)).toMatchObject({ generation: 1, profile: { maxMessages: 1_000 } });
    places.take(numbered(layoutOf(), layoutOf([], { shards: 2 })));
    const moved = Array.from({ length: 20 }, (_, n) => places.placeOf({ ...science, tenant: `t${n}` as TenantId }));
    for (const { shard, generation } of moved) expect(generation).toBe(shard === 0 ? 1 : 2);
    expect(new Set(moved.map(({ shard }) => shard)).size).toBe(2);
  });

  it('[LOG-4] gives every channel a new generation where the layouts before are forgotten', () => {
    const places = new LogPlaces(layoutOf());
    places.take([{ ...layoutOf(), generation: 40 }]);
    expect(places.placeOf(lab).generation).toBe(40);
  });

  it('[SPN-6] follows what is stored, keeps what was in force where that is malformed, and tells of changes alone', async () => {
    const bucket = createMemoryKeyValueStore().bucket('ARQON_LOG');
    const places = new LogPlaces(layoutOf());
    const [errors, changes] = [vi.fn<(error: unknown) => void>(), vi.fn<() => void>()];
    places.onChange(changes);
    const followed = followLayouts(bucket, places, errors);
    await followed.ready;
    expect(followed.isKnown()).toBe(false);
    let revision = await bucket.create(LOG_LAYOUTS_KEY, encodeLayouts(numbered(layoutOf())));
    await vi.waitFor(() => expect(followed.isKnown()).toBe(true));
    expect(changes).not.toHaveBeenCalled();
    for (const bad of [Uint8Array.of(255), encodeLayouts(numbered(layoutOf([{ pattern: 'a:*', profile: 'none' }])))]) {
      revision = await bucket.update(LOG_LAYOUTS_KEY, bad, revision);
    }
    await vi.waitFor(() => expect(errors).toHaveBeenCalledTimes(2));
    const stored = numbered(layoutOf(), layoutOf([{ pattern: 'lab:*', profile: 'state' }]));
    await bucket.update(LOG_LAYOUTS_KEY, encodeLayouts(stored), revision);
    await vi.waitFor(() => expect(changes).toHaveBeenCalledTimes(1));
    expect(places.profileOf('lab', 'general').logClass).toBe('state');
    followed.stop();
  });

  it('[SPN-3] reads layouts as they were written, and nothing that is none', () => {
    const layouts = numbered(layoutOf(), layoutOf([{ pattern: 'a:b', profile: 'live' }], { dedicated: ['acme'] }));
    expect(decodeLayouts(encodeLayouts(layouts))).toEqual(layouts);
    for (const bytes of [new Uint8Array(0), Uint8Array.of(1, 2, 3)]) expect(decodeLayouts(bytes)).toBeUndefined();
    expect(isSameLayout(layoutOf(), createLogLayout(SHIPPED_PROFILES.toReversed()))).toBe(true);
    expect(isSameLayout(layoutOf(), layoutOf([], { shards: 2 }))).toBe(false);
  });
});
