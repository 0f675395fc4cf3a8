import { BackfillEpisodesRequestSchema, create } from '@arqonbus/protocol/spine-messages';
import { createMemoryEpisodeStore } from '@arqonbus/storage';
import { describe, expect, it, vi } from 'vitest';
import { backfill } from './backfill.ts';
import type { ContinuumParts } from './continuum-parts.ts';
import { SETTINGS, acme, createContinuumRig, episodeEvent } from './continuum-rig.ts';
import type { ContinuumRig } from './continuum-rig.ts';

const asker = { tenant: 'acme', requestedBy: 'root' };
const everything = { agentId: '', hasDeleted: true, after: undefined, limit: 1_000 };
const us = (laterMs: number): bigint => BigInt(Date.parse('2026-11-26T09:00:00Z') + laterMs) * 1_000n;

async function publishMany(rig: ContinuumRig): Promise<void> {
  const events = Array.from({ length: 30 }, (_, n) =>
    episodeEvent(
      `e${n}`,
      {
        agent_id: n % 3 === 0 ? 'artist' : 'planner',
        episode_id: `e-${n % 7}`,
        event_type: n % 5 === 4 ? 'episode.deleted' : 'episode.updated',
      },
      // Neither in order nor all different.
      (n * 7) % 20,
    ),
  );
  await rig.publish(...events, ...events.slice(3, 9), episodeEvent('bad', { schema_version: 9 }));
  await vi.waitFor(async () => expect((await rig.stream.backlog()).waiting).toBe(0), 5_000);
}

describe('a backfill', () => {
  it('[CTM-3] makes an equal table again where everything was lost', async () => {
    const rig = await createContinuumRig();
    await publishMany(rig);
    const before = await rig.store.list(acme, everything);
    expect(before.length).toBeGreaterThan(10);
    // Another store, with nothing in it, over the same stream.
    const store = createMemoryEpisodeStore();
    const wiped = await createContinuumRig({ stream: rig.stream, store, letters: rig.letters });
    const counts = await wiped.call('continuum.backfill', asker);
    expect(counts).toMatchObject({ selected: 37n, dlqQueued: 1n, cursor: '' });
    expect(counts.projected + counts.duplicates + counts.staleRejected).toBe(36n);
    expect(await store.list(acme, everything)).toEqual(before);
    expect(await store.counts(acme)).toEqual(await rig.store.counts(acme));
    expect(await rig.letters.count(acme)).toBe(1);
  });

  it('[CTM-3] changes nothing where nothing was lost', async () => {
    const rig = await createContinuumRig();
    await publishMany(rig);
    const before = await rig.store.list(acme, everything);
    const counts = await rig.call('continuum.backfill', asker);
    expect([counts.projected, counts.duplicates > 0n, counts.staleRejected > 0n]).toEqual([0n, true, true]);
    expect(await rig.store.list(acme, everything)).toEqual(before);
  });

  it('[CTM-3] only tells what would become of events where it is asked to, and exactly that', async () => {
    const rig = await createContinuumRig();
    await publishMany(rig);
    const store = createMemoryEpisodeStore();
    const wiped = await createContinuumRig({ stream: rig.stream, store, letters: rig.letters });
    const preview = await wiped.call('continuum.backfill', { ...asker, dryRun: true });
    expect(await store.list(acme, everything)).toEqual([]);
    expect((await wiped.call('audit.list', { tenant: 'acme' })).items).toEqual([]);
    expect(preview).toEqual(await wiped.call('continuum.backfill', asker));
    expect((await wiped.call('audit.list', { tenant: 'acme' })).items).not.toEqual([]);
  });

  it('[CTM-3] takes the events of a time and of an agent alone, where it is told to', async () => {
    const rig = await createContinuumRig();
    await publishMany(rig);
    const select = async (more: object): Promise<bigint> =>
      (await rig.call('continuum.backfill', { ...asker, dryRun: true, ...more })).selected;
    expect(await select({ fromUs: us(5) })).toBe(36n - (await select({ toUs: us(5) })));
    expect(await select({ fromUs: us(5), toUs: us(5) })).toBe(0n);
    expect(await select({ agentId: 'artist' })).toBe(12n);
    expect(await select({ agentId: 'nobody' })).toBe(0n);
    expect(await select({ tenant: 'globex' })).toBe(0n);
  });

  it('[CTM-3] goes as far as its time allows, and on from there', async () => {
    const rig = await createContinuumRig();
    const events = Array.from({ length: 1_100 }, (_, n) => episodeEvent(`e${n}`, { episode_id: `e-${n % 50}` }, n));
    await rig.publish(...events);
    await vi.waitFor(async () => expect((await rig.stream.backlog()).waiting).toBe(0), 5_000);
    await expect(rig.call('continuum.backfill', { ...asker, cursor: 'x' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
    const parts = { ...rig, settings: SETTINGS } as unknown as ContinuumParts;
    const request = create(BackfillEpisodesRequestSchema, { ...asker, dryRun: true });
    const page = await backfill(request, parts, performance.now());
    expect(page).toMatchObject({ selected: 512n, cursor: '512' });
    const last = await rig.call('continuum.backfill', { ...asker, cursor: page.cursor ?? '' });
    expect(last).toMatchObject({ selected: 588n, cursor: '' });
  });
});
