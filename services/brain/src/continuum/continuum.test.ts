import { BusError } from '@arqonbus/protocol';
import { EpisodeDeadNoticeSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { deadEpisodesOf } from '@arqonbus/spine';
import { createMemoryEpisodeStore } from '@arqonbus/storage';
import type { EpisodeStore, StoredEpisode } from '@arqonbus/storage';
import { describe, expect, it, vi } from 'vitest';
import { acme, createContinuumRig, episodeEvent, jsonOf } from './continuum-rig.ts';
import type { ContinuumRig } from './continuum-rig.ts';

const decoder = new TextDecoder();
const asker = { tenant: 'acme', requestedBy: 'root' };
const place = { tenant: 'acme', agentId: 'planner', episodeId: 'e-1' };

async function table({ store }: ContinuumRig): Promise<readonly StoredEpisode[]> {
  return store.list(acme, { agentId: '', hasDeleted: true, after: undefined, limit: 1_000 });
}

const eventually = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, 5_000);

describe('the projector', () => {
  it('[CTM-1] [CTM-2] takes events from the stream, and the latest of an episode stays', async () => {
    const rig = await createContinuumRig();
    const second = episodeEvent('b', { event_type: 'episode.summarized' }, 5);
    await rig.publish(second, episodeEvent('a'), second);
    await eventually(() => expect(rig.counted).toEqual(['projected', 'stale_rejected', 'duplicate']));
    const { episode } = await rig.call('continuum.get', place);
    expect(episode).toMatchObject({ eventId: 'b', eventType: 'episode.summarized' });
    expect(decoder.decode(episode?.payload)).toBe('{"content_ref":"s3://b","tags":["plan"],"metadata":{}}');
    expect(await rig.call('continuum.status', { tenant: 'acme' })).toMatchObject({
      projections: 1n,
      seenEvents: 2n,
      deadLetters: 0n,
      lagMs: 0n,
    });
  });

  it('[CTM-3] makes dead letters of what it cannot project, tells of them, and keeps nothing that is forbidden', async () => {
    const rig = await createContinuumRig({ settings: { episodesPerTenant: 1 } });
    const told: string[] = [];
    rig.spine.subscribe(deadEpisodesOf(acme), ({ data }) => {
      told.push(fromBinary(EpisodeDeadNoticeSchema, data).reason);
    });
    const hidden = { content_ref: 'x', tags: [], metadata: { raw_content: 'the secret' } };
    await rig.publish(
      episodeEvent('a'),
      episodeEvent('v2', { schema_version: 2 }),
      episodeEvent('f', { payload: hidden }),
      episodeEvent('q', { episode_id: 'e-2' }),
    );
    await eventually(() => expect(told).toEqual(['unsupported_version', 'forbidden_key', 'quota']));
    const { items } = await rig.call('continuum.dead', { tenant: 'acme' });
    expect(items.map(({ eventId, reason, field }) => [eventId, reason, field])).toEqual(
      expect.arrayContaining([
        ['v2', 'unsupported_version', 'schema_version'],
        ['f', 'forbidden_key', 'payload.metadata.raw_content'],
        ['q', 'quota', ''],
      ]),
    );
    const texts = items.map(({ event }) => decoder.decode(event)).join('\n');
    expect(texts).toContain('"schema_version":2');
    expect(texts).not.toContain('secret');
    expect(rig.counted.filter((entry) => entry === 'dead')).toHaveLength(3);
  });

  it('[CTM-3] makes one letter of an event that comes again, and gives the oldest up', async () => {
    const rig = await createContinuumRig({ settings: { deadLettersPerTenant: 2 } });
    const bad = episodeEvent('a', { schema_version: 2 });
    await rig.publish(bad, bad);
    await eventually(async () => expect(await rig.letters.count(acme)).toBe(1));
    await rig.pass(1_000);
    await rig.publish(episodeEvent('b', { schema_version: 3 }));
    await eventually(async () => expect(await rig.letters.count(acme)).toBe(2));
    await rig.pass(1_000);
    await rig.publish(episodeEvent('c', { schema_version: 4 }));
    await eventually(() => expect(rig.counted).toContain('dropped 1'));
    const { items } = await rig.call('continuum.dead', { tenant: 'acme' });
    expect(items.map(({ eventId }) => eventId)).toEqual(['b', 'c']);
  });

  it('[CTM-4] [ARC-5] leaves events in the stream while the store is away, and catches up', async () => {
    let isDown = true;
    const real = createMemoryEpisodeStore();
    const store: EpisodeStore = new Proxy(real, {
      get: (target, name) => (isDown ? () => Promise.reject(new BusError('UNAVAILABLE')) : bound(target, name)),
    });
    const rig = await createContinuumRig({ store });
    await rig.publish(episodeEvent('a'), episodeEvent('b', { episode_id: 'e-2' }));
    await eventually(() => expect(rig.counted[0]).toBe('put off 2'));
    await expect(rig.call('continuum.get', place)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await rig.stream.backlog(acme)).oldestAtMs).toBe(rig.now());
    isDown = false;
    await eventually(async () => expect(await table(rig)).toHaveLength(2));
    await eventually(async () => expect((await rig.stream.backlog()).waiting).toBe(0));
  });

  it('[CTM-1] [BRN-1] shares the stream with other Brains, and leaves to them what it had', async () => {
    const first = await createContinuumRig();
    const second = await createContinuumRig(first);
    await first.brain.close();
    await first.publish(episodeEvent('a'), episodeEvent('b', { episode_id: 'e-2' }));
    await eventually(() => expect(second.counted).toEqual(['projected', 'projected']));
    expect(first.counted).toEqual([]);
  });

  it('[CTM-2] forgets what was seen long ago, and deletions', async () => {
    const rig = await createContinuumRig({ settings: { retentionHours: 0.01, tombstoneDays: 1 } });
    const old = new Date(rig.now() - 200_000_000).toISOString();
    await rig.publish(episodeEvent('a', { event_type: 'episode.deleted', source_ts: old }));
    await eventually(() => expect(rig.counted).toEqual(['projected']));
    expect(await rig.store.counts(acme)).toEqual({ episodes: 1, events: 1 });
    await rig.pass(61_000);
    await rig.brain.tick();
    await eventually(async () => expect(await rig.store.counts(acme)).toEqual({ episodes: 0, events: 0 }));
  });
});

describe('an event that a command projects', () => {
  it('[CTM-3] is projected at once, known to backfills, and counted as no duplicate', async () => {
    const rig = await createContinuumRig();
    const project = (event: object): Promise<{ readonly status: string }> =>
      rig.call('continuum.project', { ...asker, event: jsonOf(event) });
    expect(await project(episodeEvent('b', {}, 5))).toMatchObject({ status: 'projected', deadLetterId: '' });
    expect(await project(episodeEvent('b', {}, 5))).toMatchObject({ status: 'duplicate' });
    expect(await project(episodeEvent('a'))).toMatchObject({ status: 'stale_rejected' });
    const bad = await project(episodeEvent('c', { agent_id: '' }));
    expect(bad).toMatchObject({ status: 'dlq_queued', reason: 'malformed', field: 'agent_id' });
    await eventually(async () => expect((await rig.stream.backlog()).waiting).toBe(0));
    expect(rig.counted).toEqual(['dead malformed']);
    const kept = await rig.stream.read(acme, { afterSeq: 0, limit: 9, maxBytes: 99_999 });
    expect(kept.events).toHaveLength(2);
  });

  it('[CTM-3] [PRT-22] is listed page by page, deleted ones where they are asked for', async () => {
    const rig = await createContinuumRig();
    for (const [id, more] of [
      ['1', { episode_id: 'b' }],
      ['2', { episode_id: 'a' }],
      ['3', { agent_id: 'artist' }],
      ['4', { episode_id: 'c', event_type: 'episode.deleted' }],
    ] as const) {
      await rig.call('continuum.project', { ...asker, event: jsonOf(episodeEvent(id, more)) });
    }
    const list = (more: object): ReturnType<typeof rig.call<'continuum.list'>> =>
      rig.call('continuum.list', { tenant: 'acme', ...more });
    const first = await list({ limit: 2 });
    expect(first.episodes.map(({ eventId }) => eventId)).toEqual(['3', '2']);
    const second = await list({ limit: 2, cursor: first.cursor });
    expect([second.episodes.map(({ eventId }) => eventId), second.cursor]).toEqual([['1'], '']);
    expect((await list({ agentId: 'planner', hasDeleted: true })).episodes).toHaveLength(3);
    await expect(list({ cursor: 'YQ' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    await expect(list({ tenant: 'a b' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect((await list({ tenant: 'globex' })).episodes).toEqual([]);
  });
});

describe('dead letters that are tried again', () => {
  it('[CTM-3] are gone where they can be projected now, and stay where they cannot; audited', async () => {
    const settings = { episodesPerTenant: 1 };
    const rig = await createContinuumRig({ settings });
    await rig.publish(episodeEvent('a'), episodeEvent('q', { episode_id: 'e-2' }), episodeEvent('v', { more: 1 }));
    await eventually(async () => expect(await rig.letters.count(acme)).toBe(2));
    const roomier = await createContinuumRig({ ...rig, settings: { episodesPerTenant: 2 } });
    const replay = (more: object): ReturnType<typeof rig.call<'continuum.replay'>> =>
      roomier.call('continuum.replay', { ...asker, ...more });
    const before = (await rig.call('continuum.dead', { tenant: 'acme' })).items;
    expect(await replay({})).toMatchObject({ selected: 2n, projected: 1n, dlqQueued: 1n, cursor: '' });
    const left = (await rig.call('continuum.dead', { tenant: 'acme' })).items;
    expect(left).toEqual(before.filter(({ eventId }) => eventId === 'v'));
    expect((await table(rig)).map(({ eventId }) => eventId)).toEqual(['a', 'q']);
    expect(await replay({ letterId: left[0]?.letterId ?? '' })).toMatchObject({ selected: 1n, dlqQueued: 1n });
    await expect(replay({ letterId: 'd_none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { items } = await roomier.call('audit.list', { tenant: 'acme' });
    expect(JSON.stringify(items, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))).toContain(
      'op.continuum.projector.dlq.replay',
    );
  });
});

function bound(target: object, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name);
  return typeof member === 'function' ? member.bind(target) : member;
}
