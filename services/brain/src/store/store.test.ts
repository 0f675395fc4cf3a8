import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { StoreChangesSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { storeOf } from '@arqonbus/spine';
import { createMemoryEntryStore } from '@arqonbus/storage';
import type { EntryStore } from '@arqonbus/storage';
import { describe, expect, it, vi } from 'vitest';
import { createBrainFixture } from '../testing/brain-fixture.ts';
import type { BrainFixture, FixtureOptions } from '../testing/brain-fixture.ts';
import type { StoreMetrics } from './store-metrics.ts';

const acme = 'acme' as TenantId;
const place = { tenant: 'acme', namespace: 'default', key: 'cart/1' };
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

interface Rig extends BrainFixture {
  /** What Shields were told, as `key@version`; `-` = deleted. */
  readonly told: string[];
  readonly counted: string[];
  set(key: string, more?: { readonly value?: Uint8Array; readonly ttlMs?: bigint }): Promise<void>;
}

async function createRig(given: FixtureOptions = {}): Promise<Rig> {
  const counted: string[] = [];
  const storeMetrics: StoreMetrics = {
    changed: (kind, count) => counted.push(`${kind} ${count}`),
    refused: (reason) => counted.push(`refused ${reason}`),
    untold: () => counted.push('untold'),
  };
  // The store has to follow the clock of a Brain that is made from it.
  const clock = { now: () => 0 };
  const fixture = await createBrainFixture({
    entries: createMemoryEntryStore(() => clock.now()),
    storeMetrics,
    ...given,
  });
  clock.now = fixture.now;
  const told: string[] = [];
  fixture.spine.subscribe(storeOf(acme), ({ data }) => {
    for (const { key, version, value } of fromBinary(StoreChangesSchema, data).entries) {
      told.push(`${value === undefined ? '-' : ''}${key}@${version}`);
    }
  });
  const set: Rig['set'] = async (key, { value = json(1), ttlMs = 0n } = {}) => {
    await fixture.call('store.set', { ...place, key, value, ttlMs });
  };
  return { ...fixture, told, counted, set };
}

describe('the store of a Brain', () => {
  it('[STO-1] tells the Shields every change once it is made, and counts it', async () => {
    const rig = await createRig();
    expect(await rig.call('store.set', { ...place, value: json({ a: 1 }) })).toMatchObject({
      entry: { version: 1n, value: json({ a: 1 }) },
    });
    await rig.call('store.increment', { ...place, key: 'n', by: 2n });
    const conflict = await rig.call('store.set', { ...place, value: json(2), ifVersion: 0n });
    expect(conflict).toMatchObject({ conflict: true, version: 1n });
    await rig.call('store.delete', place);
    expect(await rig.call('store.delete', place)).toMatchObject({ conflict: false });
    await vi.waitFor(() => expect(rig.told).toEqual(['cart/1@1', 'n@2', '-cart/1@3']));
    expect(rig.counted).toEqual(['set 1', 'increment 1', 'refused conflict', 'delete 1']);
  });

  it('[STO-1] removes what has expired, tells it, and lets it stand in nobody’s way', async () => {
    const rig = await createRig({ limits: { storeKeysPerTenant: 2 } });
    await rig.set('brief', { ttlMs: 5_000n });
    await rig.set('long', { ttlMs: 3_600_000n });
    await expect(rig.set('more')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await rig.pass(5_000);
    await rig.brain.sweep();
    await vi.waitFor(() => expect(rig.told).toEqual(['brief@1', 'long@2', '-brief@3']));
    await rig.set('brief', { ttlMs: 5_000n });
    await rig.pass(5_000);
    // Not swept yet: room is made when it is needed.
    await rig.set('more');
    await vi.waitFor(() => expect(rig.told.slice(3)).toEqual(['brief@4', '-brief@5', 'more@6']));
    expect(rig.counted.filter((entry) => entry.startsWith('refused'))).toEqual(['refused quota']);
  });

  it('[STO-1] tells what changed since, in pages that fit the Spine', async () => {
    const rig = await createRig();
    const large = json('x'.repeat(60_000));
    for (let n = 0; n < 40; n += 1) await rig.set(`k${n}`, { value: large });
    const keys: string[] = [];
    let after = 0n;
    let pages = 0;
    for (let version = 1n; after < version; pages += 1) {
      const page = await rig.call('store.changes', { tenant: 'acme', after });
      keys.push(...page.entries.map(({ key }) => key));
      [after, version] = [page.upto, page.version];
    }
    expect([keys.length, new Set(keys).size, pages]).toEqual([40, 40, 3]);
    expect(await rig.call('store.changes', { tenant: 'acme' })).toMatchObject({ version: 40n, upto: 40n, entries: [] });
  });

  it('[STO-1] [PRT-22] lists page by page, and refuses what is no cursor', async () => {
    const rig = await createRig();
    for (const key of ['b', 'a', 'd', 'c']) await rig.set(key);
    const list = (cursor: string): ReturnType<typeof rig.call<'store.list'>> =>
      rig.call('store.list', { tenant: 'acme', namespace: 'default', limit: 3, cursor });
    const first = await list('');
    expect(first.entries.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(first.entries[0]?.value).toBeUndefined();
    const second = await list(first.cursor);
    expect([second.entries.map(({ key }) => key), second.cursor]).toEqual([['d'], '']);
    await expect(list('%')).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('[STO-1] [PRT-22] [T-15] lists all namespaces page by page, also where a key looks like another place', async () => {
    const rig = await createRig();
    const places = ['a x:y', 'a.b c', 'b x', 'b y'].map((place) => place.split(' ') as [string, string]);
    for (const [namespace, key] of places.toReversed())
      await rig.call('store.set', { ...place, namespace, key, value: json(1) });
    const seen: (readonly [string, string])[] = [];
    let cursor = '';
    do {
      const page = await rig.call('store.list', { tenant: 'acme', namespace: '*', limit: 1, cursor });
      seen.push(...page.entries.map(({ namespace, key }) => [namespace, key] as const));
      ({ cursor } = page);
    } while (cursor !== '');
    expect(seen).toEqual(places);
    const foreign = Buffer.from('no place').toString('base64url');
    const call = rig.call('store.list', { tenant: 'acme', namespace: '*', cursor: foreign });
    await expect(call).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    await expect(rig.call('store.get', { ...place, namespace: '*' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
  });

  it.each([
    [{ ...place, tenant: 'a b' }, 'VALIDATION_ERROR'],
    [{ ...place, namespace: 'a/b' }, 'VALIDATION_ERROR'],
    [{ ...place, key: '' }, 'VALIDATION_ERROR'],
    [{ ...place, key: 'a\nb' }, 'VALIDATION_ERROR'],
    [{ ...place, key: 'x'.repeat(257) }, 'VALIDATION_ERROR'],
    [{ ...place, value: new TextEncoder().encode('{"a":') }, 'VALIDATION_ERROR'],
    [{ ...place, value: new Uint8Array([0x22, 0xff, 0x22]) }, 'VALIDATION_ERROR'],
    [{ ...place, value: json('x'.repeat(65_536)) }, 'PAYLOAD_TOO_LARGE'],
    [{ ...place, ifVersion: 2n ** 60n }, 'VALIDATION_ERROR'],
  ])('[STO-1] [PRD-3] refuses what is malformed (%#)', async (request, code) => {
    const rig = await createRig();
    await expect(rig.call('store.set', { value: json(1), ...request })).rejects.toMatchObject({ code });
    expect(rig.told).toEqual([]);
  });

  it('[STO-1] [ARC-5] is UNAVAILABLE while what it keeps is, and sweeps on afterwards', async () => {
    let isDown = true;
    const now = { ms: 0 };
    const store = createMemoryEntryStore(() => now.ms);
    const entries: EntryStore = new Proxy(store, {
      get: (target, name) => (isDown ? () => Promise.reject(new BusError('UNAVAILABLE')) : Reflect.get(target, name)),
    });
    const rig = await createRig({ entries });
    await expect(rig.set('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(rig.call('store.get', place)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await rig.brain.sweep();
    isDown = false;
    await rig.set('a', { ttlMs: 1n });
    now.ms = 1;
    await rig.brain.sweep();
    await vi.waitFor(() => expect(rig.told).toEqual(['a@1', '-a@2']));
  });

  it('[STO-1] [BRN-1] keeps what it cannot tell', async () => {
    const rig = await createRig();
    const { publish } = rig.spine;
    rig.spine.publish = () => {
      throw new BusError('UNAVAILABLE');
    };
    await rig.set('a');
    rig.spine.publish = publish.bind(rig.spine);
    expect([rig.told, rig.counted]).toEqual([[], ['set 1', 'untold']]);
    expect(await rig.call('store.changes', { tenant: 'acme', after: 0n })).toMatchObject({ entries: [{ key: 'a' }] });
  });
});
