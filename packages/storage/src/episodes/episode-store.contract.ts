import type { EpisodeEvent, TenantId } from '@arqonbus/protocol';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EpisodeDeadLetter, EpisodeDeadLetters } from './episode-dead-letters.ts';
import { episodeKey } from './episode-store.ts';
import type { EpisodeOutcome, EpisodeStore, StoredEpisode } from './episode-store.ts';
import { compareStamps } from './plan-episodes.ts';

/** What is under test. */
export interface OpenedEpisodes {
  readonly store: EpisodeStore;
  readonly letters: EpisodeDeadLetters;
  close(): Promise<void>;
}

const NOW_MS = Date.parse('2026-11-26T06:30:00.250Z');
const NOW_US = NOW_MS * 1_000;
const PAYLOAD = '{"content_ref":"s3://7","tags":["Größe 🚀"],"metadata":{"n":9223372036854775807,"z":"\\u0000"}}';
let counter = 0;

function event(more: Partial<EpisodeEvent> = {}): EpisodeEvent {
  counter += 1;
  return {
    eventId: `01J9ZK3V8Q${counter}`,
    eventType: 'episode.updated',
    agentId: 'planner/eu-1 \u{1f680}',
    episodeId: 'e-7',
    sourceAtUs: NOW_US,
    payload: PAYLOAD,
    ...more,
  };
}

/** An engine inside this process takes long on a busy machine. */
const OPEN_TIMEOUT_MS = 90_000;
const OPTIONS = { maxEpisodes: 100, nowMs: NOW_MS };

/** What every {@link EpisodeStore} and {@link EpisodeDeadLetters} does (ARC-7). `runs` is how often a property is tried. */
export function describeEpisodeStore(name: string, open: () => Promise<OpenedEpisodes>, runs: number): void {
  describe(`EpisodeStore: ${name}`, () => {
    let opened: OpenedEpisodes;
    let store: EpisodeStore;
    // Tenants of its own keep the tests apart.
    let tenant: TenantId;
    let other: TenantId;
    const freshTenant = (): TenantId => `episodes-${(counter += 1)}` as TenantId;
    beforeAll(async () => {
      opened = await open();
      ({ store } = opened);
    }, OPEN_TIMEOUT_MS);
    beforeEach(() => {
      [tenant, other] = [freshTenant(), freshTenant()];
    });
    afterAll(() => opened.close());

    const project = (...events: readonly EpisodeEvent[]): Promise<readonly EpisodeOutcome[]> =>
      store.project(tenant, events, OPTIONS);
    const all = (of = tenant): Promise<readonly StoredEpisode[]> =>
      store.list(of, { agentId: '', hasDeleted: true, after: undefined, limit: 1_000 });

    it('[CTM-2] keeps the latest event of an episode as it was written, and knows one that it has seen', async () => {
      const [first, second] = [event(), event({ sourceAtUs: NOW_US + 1, eventType: 'episode.summarized' })];
      expect(await project(first)).toEqual(['projected']);
      expect(await store.get(tenant, first)).toEqual(first);
      expect(await project(first, second, second)).toEqual(['duplicate', 'projected', 'duplicate']);
      expect(await store.get(tenant, first)).toEqual(second);
      expect(await store.counts(tenant)).toEqual({ episodes: 1, events: 2 });
      expect(await store.stamps(tenant, [first, event({ episodeId: 'none' })])).toEqual(
        new Map([[episodeKey(first), { sourceAtUs: second.sourceAtUs, eventId: second.eventId }]]),
      );
    });

    it('[CTM-2] records what is stale, and lets it change nothing', async () => {
      const [old, young] = [event({ sourceAtUs: NOW_US - 1 }), event()];
      expect(await project(young, old, old)).toEqual(['projected', 'stale_rejected', 'duplicate']);
      expect(await project(old)).toEqual(['duplicate']);
      expect(await all()).toEqual([young]);
      expect(await store.counts(tenant)).toEqual({ episodes: 1, events: 2 });
    });

    it('[CTM-2] keeps a deletion, so that nothing older comes back, and takes what is younger', async () => {
      const deletion = event({ eventType: 'episode.deleted', payload: '', sourceAtUs: NOW_US + 5 });
      expect(await project(event(), deletion, event({ sourceAtUs: NOW_US + 4 }))).toEqual([
        'projected',
        'projected',
        'stale_rejected',
      ]);
      expect(await all()).toEqual([deletion]);
      const living = { agentId: '', hasDeleted: false, after: undefined, limit: 9 };
      expect(await store.list(tenant, living)).toEqual([]);
      const again = event({ eventType: 'episode.created', sourceAtUs: NOW_US + 6 });
      expect(await project(again)).toEqual(['projected']);
      expect(await store.list(tenant, living)).toEqual([again]);
    });

    it('[CTM-2] gives the same projection in whatever order, batches and number events come', async () => {
      const events = fc.array(
        fc.record({
          agentId: fc.constantFrom('a', 'b'),
          episodeId: fc.constantFrom('1', '2', '3'),
          sourceAtUs: fc.integer({ min: NOW_US, max: NOW_US + 3 }),
          eventType: fc.constantFrom('episode.created' as const, 'episode.deleted' as const),
        }),
        { minLength: 1, maxLength: 12 },
      );
      const property = fc.asyncProperty(
        events,
        fc.array(fc.nat({ max: 1_000 }), { minLength: 4, maxLength: 40 }),
        fc.boolean(),
        async (given, picks, isRebuild) => {
          tenant = freshTenant();
          const distinct = given.map((one, index) =>
            event({ ...one, eventId: `e${index}`, payload: `{"n":${index}}` }),
          );
          const expected = new Map<string, EpisodeEvent>();
          for (const one of distinct) {
            const known = expected.get(episodeKey(one));
            if (known === undefined || compareStamps(one, known) > 0) expected.set(episodeKey(one), one);
          }
          // Every one at least once, in the order of the picks, with repetitions, cut into batches.
          const order = [...picks.map((pick) => pick % distinct.length), ...distinct.keys()];
          const sent = order.map((index) => distinct[index] as EpisodeEvent);
          for (let start = 0, step = 1; start < sent.length; start += step, step += 2) {
            await store.project(tenant, sent.slice(start, start + step), { ...OPTIONS, isRebuild });
          }
          expect(new Map((await all()).map((one) => [episodeKey(one), one]))).toEqual(expected);
          expect(await store.counts(tenant)).toEqual({ episodes: expected.size, events: distinct.length });
        },
      );
      await fc.assert(property, { numRuns: runs, seed: 39 });
    });

    it('[CTM-2] [BRN-1] gives one outcome where several project the same at once', async () => {
      const events = Array.from({ length: 6 }, (_, n) => event({ episodeId: `e${n % 2}`, sourceAtUs: NOW_US + n }));
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => project(...events)));
      expect(outcomes.flat().filter((outcome) => outcome === 'projected')).toHaveLength(6);
      expect(outcomes.flat().filter((outcome) => outcome === 'duplicate')).toHaveLength(18);
      expect(await all()).toEqual(events.slice(4));
    });

    it('[CTM-3] makes a projection again of events that were seen before', async () => {
      const events = [event(), event({ sourceAtUs: NOW_US + 1 }), event({ episodeId: 'e-8' })];
      await project(...events);
      const before = await all();
      const rebuild = { ...OPTIONS, isRebuild: true };
      expect(await store.project(tenant, events, rebuild)).toEqual(['stale_rejected', 'duplicate', 'duplicate']);
      expect(await all()).toEqual(before);
      expect(await store.counts(tenant)).toEqual({ episodes: 2, events: 3 });
    });

    it('[CTM-2] takes no more episodes than it may, and goes on with those that there are', async () => {
      const few = { ...OPTIONS, maxEpisodes: 2 };
      const third = event({ episodeId: '3' });
      const events = [event({ episodeId: '1' }), event({ episodeId: '2' }), third];
      expect(await store.project(tenant, events, few)).toEqual(['projected', 'projected', 'over_quota']);
      const later = event({ episodeId: '1', sourceAtUs: NOW_US + 9 });
      expect(await store.project(tenant, [later, third], few)).toEqual(['projected', 'over_quota']);
      expect(await store.counts(tenant)).toEqual({ episodes: 2, events: 3 });
      expect(await store.project(tenant, [third], OPTIONS)).toEqual(['projected']);
    });

    it('[CTM-3] [PRT-22] lists in the order of agents and episodes, from where it is asked to', async () => {
      const names = [
        ['b', '1'],
        ['a', '2'],
        ['a', '1'],
        ['a b', '1'],
      ] as const;
      await project(...names.map(([agentId, episodeId]) => event({ agentId, episodeId })));
      const query = { agentId: '', hasDeleted: false, after: undefined, limit: 9 };
      const list = async (more: object): Promise<string[]> =>
        (await store.list(tenant, { ...query, ...more })).map(({ agentId, episodeId }) => `${agentId}/${episodeId}`);
      expect(await list({})).toEqual(['a/1', 'a/2', 'a b/1', 'b/1']);
      expect(await list({ after: { agentId: 'a', episodeId: '1' }, limit: 2 })).toEqual(['a/2', 'a b/1']);
      expect(await list({ agentId: 'a', after: { agentId: 'a', episodeId: '1' } })).toEqual(['a/2']);
    });

    it('[CTM-2] forgets what was seen long ago and deletions of long ago, in steps, and nothing else', async () => {
      const deleted = { eventType: 'episode.deleted', payload: '' } as const;
      const [gone, kept] = [
        event({ ...deleted, episodeId: '1', sourceAtUs: 5 }),
        event({ ...deleted, episodeId: '2' }),
      ];
      await store.project(tenant, [gone, event({ episodeId: '3' })], { ...OPTIONS, nowMs: NOW_MS - 10 });
      await project(kept);
      const options = { seenBeforeMs: NOW_MS, deletedBeforeUs: NOW_US, limit: 1 };
      expect(await store.forget(tenant, options)).toBe(2);
      expect(await store.forget(tenant, options)).toBe(1);
      expect(await store.forget(tenant, options)).toBe(0);
      expect((await all()).map(({ episodeId }) => episodeId)).toEqual(['2', '3']);
      expect(await store.counts(tenant)).toEqual({ episodes: 2, events: 1 });
      await store.recount(tenant);
      expect(await store.counts(tenant)).toEqual({ episodes: 2, events: 1 });
    });

    it('[PRD-4] keeps tenants apart in everything', async () => {
      const given = event();
      const theirs = { ...given, payload: '{}' };
      await project(given);
      expect(await store.project(other, [theirs], OPTIONS)).toEqual(['projected']);
      expect([await all(), await all(other)]).toEqual([[given], [theirs]]);
      await store.forget(other, { seenBeforeMs: NOW_MS + 1, deletedBeforeUs: NOW_US + 1, limit: 9 });
      expect(await store.counts(tenant)).toEqual({ episodes: 1, events: 1 });
      expect(await store.tenants()).toEqual(expect.arrayContaining([tenant, other]));
    });

    describe('dead letters', () => {
      const letter = (letterId: string): EpisodeDeadLetter => ({
        letterId,
        eventId: 'e 1',
        reason: 'unsupported_version',
        field: 'schema_version',
        atMs: NOW_MS,
        event: PAYLOAD,
      });

      it('[CTM-3] are kept once, in order, and no more than there may be; the oldest go', async () => {
        const { letters } = opened;
        expect(await letters.add(tenant, [letter('d2'), letter('d1')], 3)).toBe(0);
        expect(await letters.add(tenant, [letter('d2')], 3)).toBe(0);
        expect(await letters.list(tenant, { after: '', limit: 9 })).toEqual([letter('d1'), letter('d2')]);
        expect(await letters.add(tenant, [letter('d3'), letter('d4')], 3)).toBe(1);
        expect(await letters.get(tenant, 'd1')).toBeUndefined();
        expect(await letters.get(tenant, 'd4')).toEqual(letter('d4'));
        expect(await letters.list(tenant, { after: 'd2', limit: 1 })).toEqual([letter('d3')]);
        await letters.remove(tenant, ['d3', 'none']);
        expect(await letters.count(tenant)).toBe(2);
      });

      it('[PRD-4] are each tenant’s own', async () => {
        const { letters } = opened;
        await letters.add(tenant, [letter('d1')], 9);
        await letters.remove(other, ['d1']);
        expect([await letters.count(tenant), await letters.count(other)]).toEqual([1, 0]);
        expect(await letters.get(other, 'd1')).toBeUndefined();
        expect(await letters.list(other, { after: '', limit: 9 })).toEqual([]);
      });
    });
  });
}
