import type { TenantId } from '@arqonbus/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OmegaEvent, OmegaEventLimits, OmegaQuery, OmegaStore, OmegaSubstrate } from './omega-store.ts';

/** A store to be tried; `close` ends it. */
export interface OpenedOmegaStore {
  readonly store: OmegaStore;
  /** Has the minute of this tenant be over. */
  endMinute(tenant: TenantId): Promise<void>;
  close(): Promise<void>;
}

const ROOMY: OmegaEventLimits = { maxEvents: 100, maxPerMinute: 10_000 };
const ALL = { substrateId: '', signal: '' };
let counter = 0;

function substrate(substrateId: string, more: Partial<OmegaSubstrate> = {}): OmegaSubstrate {
  return {
    substrateId,
    name: `reservoir-${substrateId}`,
    kind: 'reservoir',
    metadata: '{"note":"ünïcode \\u0000","n":9223372036854775807}',
    registeredBy: 'root',
    registeredAtMs: 1_795_000_000_123,
    ...more,
  };
}

function event(eventId: string, more: Partial<OmegaEvent> = {}): OmegaEvent {
  return {
    eventId,
    substrateId: 's_1',
    signal: 'pulse',
    payload: '{"value":[9223372036854775807,1.0],"text":"\u{1f680}"}',
    emittedBy: 'root',
    emittedAtMs: 1_795_000_000_456,
    ...more,
  };
}

/** What every {@link OmegaStore} does (ARC-7). */
export function describeOmegaStore(name: string, open: () => Promise<OpenedOmegaStore>): void {
  describe(`OmegaStore: ${name}`, () => {
    let opened: OpenedOmegaStore;
    let store: OmegaStore;
    // Tenants of its own keep the tests apart.
    let tenant: TenantId;
    let other: TenantId;
    beforeAll(async () => {
      opened = await open();
      ({ store } = opened);
    });
    beforeEach(() => {
      tenant = `t-${(counter += 1)}` as TenantId;
      other = `t-${(counter += 1)}` as TenantId;
    });
    afterAll(() => opened.close());

    const emit = (one: OmegaEvent, limits = ROOMY) => store.addEvent(tenant, one, limits);
    const find = (query: Partial<OmegaQuery> = {}) =>
      store.events(tenant, { ...ALL, before: '', limit: 100, maxBytes: 1_000_000, ...query });
    const idsOf = async (query: Partial<OmegaQuery> = {}): Promise<readonly string[]> =>
      (await find(query)).events.map(({ eventId }) => eventId);

    it('[OMG-1] keeps substrates as they were given, one for each id, up to a bound', async () => {
      expect(await store.putSubstrate(tenant, substrate('s_2'), 2)).toBe(true);
      expect(await store.putSubstrate(tenant, substrate('s_1'), 2)).toBe(true);
      expect(await store.putSubstrate(tenant, substrate('s_3'), 2)).toBe(false);
      expect(await store.putSubstrate(tenant, substrate('s_2', { kind: 'lattice' }), 2)).toBe(true);
      expect(await store.substrates(tenant)).toEqual([substrate('s_1'), substrate('s_2', { kind: 'lattice' })]);
      expect(await store.removeSubstrate(tenant, 's_2')).toBe(true);
      expect(await store.removeSubstrate(tenant, 's_2')).toBe(false);
      expect(await store.putSubstrate(tenant, substrate('s_3'), 2)).toBe(true);
      expect(await store.figures(tenant)).toEqual({ substrates: 2, events: 0 });
    });

    it('[OMG-1] holds the bound of substrates though many come at once', async () => {
      const ids = Array.from({ length: 12 }, (_, n) => `s_${n}`);
      const kept = await Promise.all(ids.map((id) => store.putSubstrate(tenant, substrate(id), 5)));
      expect(kept.filter(Boolean)).toHaveLength(5);
      expect(await store.substrates(tenant)).toHaveLength(5);
    });

    it('[OMG-1] keeps events as they were given, newest first, and the oldest go', async () => {
      expect(await emit(event('e_0'))).toEqual({ kind: 'no_substrate' });
      await store.putSubstrate(tenant, substrate('s_1'), 5);
      for (let n = 1; n <= 5; n += 1) await emit(event(`e_${n}`), { ...ROOMY, maxEvents: 3 });
      expect((await find()).events).toEqual([event('e_5'), event('e_4'), event('e_3')]);
      expect(await store.figures(tenant)).toEqual({ substrates: 1, events: 3 });
      await store.removeSubstrate(tenant, 's_1');
      expect(await idsOf()).toEqual(['e_5', 'e_4', 'e_3']);
      expect(await emit(event('e_6'))).toEqual({ kind: 'no_substrate' });
    });

    it('[OMG-1] takes one event back', async () => {
      await store.putSubstrate(tenant, substrate('s_1'), 5);
      const [, outcome] = [await emit(event('e_1')), await emit(event('e_2'))];
      await store.takeBack(tenant, outcome.kind === 'added' ? outcome.position : '');
      expect(await idsOf()).toEqual(['e_1']);
    });

    it('[OMG-1] refuses more events in a minute than may be, however many come at once, and takes them after it', async () => {
      await store.putSubstrate(tenant, substrate('s_1'), 5);
      const limits = { ...ROOMY, maxPerMinute: 3 };
      const outcomes = await Promise.all(['1', '2', '3', '4', '5'].map((n) => emit(event(`e_${n}`), limits)));
      const limited = outcomes.filter((outcome) => outcome.kind === 'limited');
      expect(limited).toHaveLength(2);
      for (const { retryAfterMs } of limited) {
        expect(retryAfterMs).toBeGreaterThan(0);
        expect(retryAfterMs).toBeLessThanOrEqual(60_000);
      }
      await opened.endMinute(tenant);
      expect(await emit(event('e_6'), limits)).toMatchObject({ kind: 'added' });
    });

    it('[OMG-1] [PRT-22] filters by substrate and signal, page by page, and pages end by their bytes', async () => {
      for (const id of ['s_1', 's_2']) await store.putSubstrate(tenant, substrate(id), 5);
      await emit(event('e_1', { signal: 'drift' }));
      for (const n of ['2', '3', '4']) await emit(event(`e_${n}`));
      await emit(event('e_5', { substrateId: 's_2' }));
      expect(await idsOf({ signal: 'drift' })).toEqual(['e_1']);
      expect(await idsOf({ substrateId: 's_2' })).toEqual(['e_5']);
      expect(await idsOf({ substrateId: 's_2', signal: 'drift' })).toEqual([]);
      const first = await find({ substrateId: 's_1', limit: 2 });
      expect(first.events.map(({ eventId }) => eventId)).toEqual(['e_4', 'e_3']);
      const second = await find({ substrateId: 's_1', limit: 2, before: first.next });
      expect([second.events.map(({ eventId }) => eventId), second.next]).toEqual([['e_2', 'e_1'], '']);
      const bytes = Buffer.byteLength(JSON.stringify(event('e_5')));
      expect(await idsOf({ maxBytes: 2 * bytes })).toEqual(['e_5', 'e_4']);
      expect(await idsOf({ maxBytes: 1 })).toEqual(['e_5']);
    });

    it('[OMG-1] finds the one that fits among many that do not', async () => {
      await store.putSubstrate(tenant, substrate('s_1'), 5);
      const limits = { maxEvents: 2_000, maxPerMinute: 10_000 };
      await emit(event('e_first', { signal: 'rare' }), limits);
      for (let batch = 0; batch < 11; batch += 1) {
        await Promise.all(
          Array.from({ length: 100 }, (_, n) => emit(event(`e_${batch}_${n}`, { payload: '1' }), limits)),
        );
      }
      expect(await idsOf({ signal: 'rare' })).toEqual(['e_first']);
      expect(await store.clearEvents(tenant, { substrateId: '', signal: 'pulse' })).toEqual({
        removed: 1_100,
        remaining: 1,
      });
    });

    it('[OMG-1] clears what fits and leaves the rest', async () => {
      for (const id of ['s_1', 's_2']) await store.putSubstrate(tenant, substrate(id), 5);
      await emit(event('e_1', { signal: 'drift' }));
      await emit(event('e_2'));
      await emit(event('e_3', { substrateId: 's_2' }));
      const wish = { substrateId: 's_1', signal: 'pulse' };
      expect(await store.clearEvents(tenant, wish)).toEqual({ removed: 1, remaining: 2 });
      expect(await idsOf()).toEqual(['e_3', 'e_1']);
      expect(await store.clearEvents(tenant, ALL)).toEqual({ removed: 2, remaining: 0 });
      expect(await store.clearEvents(tenant, ALL)).toEqual({ removed: 0, remaining: 0 });
    });

    it('[OMG-1] [PRD-4] no tenant sees, counts or clears what is another one’s', async () => {
      await store.putSubstrate(tenant, substrate('s_1'), 5);
      await emit(event('e_1'), { ...ROOMY, maxPerMinute: 1 });
      expect(await store.substrates(other)).toEqual([]);
      expect(await store.addEvent(other, event('e_2'), ROOMY)).toEqual({ kind: 'no_substrate' });
      await store.putSubstrate(other, substrate('s_1'), 5);
      expect(await store.addEvent(other, event('e_2'), { ...ROOMY, maxPerMinute: 1 })).toMatchObject({ kind: 'added' });
      await store.clearEvents(other, ALL);
      await store.removeSubstrate(other, 's_1');
      expect(await store.figures(tenant)).toEqual({ substrates: 1, events: 1 });
    });
  });
}
