import type { TenantId } from '@arqonbus/protocol';
import { EpisodePublicationSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { createJetStreamEpisodeStream, createNatsSpine, provisionEpisodeStream } from '@arqonbus/spine';
import type { NatsSpine } from '@arqonbus/spine';
import {
  createPostgresDatabase,
  createPostgresEpisodeDeadLetters,
  createPostgresEpisodeStore,
  migratePostgres,
} from '@arqonbus/storage';
import type { Database } from '@arqonbus/storage';
import { createTestDatabase, startNatsServer } from '@arqonbus/testkit';
import { expect, it, onTestFinished, vi } from 'vitest';
import { SETTINGS, acme, createContinuumRig, episodeEvent, jsonOf } from './continuum-rig.ts';
import { EpisodeProjector } from './projector.ts';
import type { ContinuumParts } from './continuum-parts.ts';

const PATIENCE_MS = 30_000;
const EVENTS = 1_500;
const ACK_WAIT_MS = 1_000;

async function openDatabase(): Promise<Database> {
  const place = await createTestDatabase();
  await migratePostgres(place.ownerUrl);
  const bounds = { poolSize: 8, connectTimeoutMs: 10_000, statementTimeoutMs: 10_000, maxWaiting: 64 };
  const database = createPostgresDatabase({ ...bounds, url: place.url });
  onTestFinished(async () => {
    await database.close();
    await place.drop();
  });
  return database;
}

async function openNats(): Promise<() => Promise<NatsSpine>> {
  const server = await startNatsServer({ jetstream: true });
  onTestFinished(() => server.stop());
  return async () => {
    const spine = await createNatsSpine({ servers: [server.url], name: 'brain' });
    onTestFinished(() => spine.close());
    return spine;
  };
}

/** All rows of the projection, as text. */
async function tableOf(database: Database, tenant: TenantId): Promise<readonly string[]> {
  const rows = await database.withTenant(tenant, (sql) =>
    sql.query<{ readonly row: string }>(
      'SELECT episode::text AS row FROM arqon.continuum_episodes AS episode ORDER BY agent_id, episode_id',
    ),
  );
  return rows.map(({ row }) => row);
}

it('[CTM-2] [CTM-3] [CTM-4] [BRN-1] of three Brains one is killed, nothing is lost, and the table is made anew from the stream', async () => {
  const [database, connect] = [await openDatabase(), await openNats()];
  const [store, letters] = [createPostgresEpisodeStore(database), createPostgresEpisodeDeadLetters(database)];
  const publisher = await connect();
  await provisionEpisodeStream(publisher, { replicas: 1, maxBytes: 67_108_864, maxAgeMs: 3_600_000 });
  const stream = await createJetStreamEpisodeStream(publisher);
  const spines = await Promise.all([connect(), connect(), connect()]);
  const outcomes = { projected: 0, duplicate: 0, stale_rejected: 0, dead: 0 };
  const metrics = {
    counted: (count: keyof typeof outcomes) => void (outcomes[count] += 1),
    dead: () => undefined,
    dropped: () => undefined,
    putOff: () => undefined,
    waits: () => undefined,
  };
  const projectors = await Promise.all(
    spines.map(async (spine) => {
      const own = await createJetStreamEpisodeStream(spine, { ackWaitMs: ACK_WAIT_MS });
      const clock = { now: Date.now, monotonicMs: () => performance.now() };
      const rest = { store, letters, settings: SETTINGS, metrics, spine, clock, pageBytes: 1 };
      const parts: Omit<ContinuumParts, 'audit'> = { ...rest, stream: own };
      // Nothing that a projector does is audited.
      return new EpisodeProjector({ parts: parts as ContinuumParts, onError: () => undefined });
    }),
  );
  for (const projector of projectors) await projector.tick();
  onTestFinished(async () => void (await Promise.all(projectors.map((projector) => projector.close()))));
  const publish = (n: number): Promise<void> => {
    const event = episodeEvent(`e${n}`, { agent_id: `a${n % 7}`, episode_id: `e-${n % 60}` }, (n * 37) % 1_000);
    const publication = create(EpisodePublicationSchema, { event: jsonOf(event), publishedBy: 'planner' });
    return stream.add({ tenant: acme, id: `p${n}`, data: toBinary(EpisodePublicationSchema, publication) });
  };
  const publishing = Array.from({ length: EVENTS }, (_, n) => publish(n));
  await vi.waitFor(() => expect(outcomes.projected).toBeGreaterThan(0), PATIENCE_MS);
  // Its connection is gone in the middle of its work, with all that it had in hand.
  await spines[0]?.connection.close();
  await Promise.all(publishing);
  const done = { waiting: 0, oldestAtMs: undefined };
  await vi.waitFor(async () => expect(await stream.backlog()).toEqual(done), PATIENCE_MS);
  const counts = await store.counts(acme);
  expect(counts.events).toBe(EVENTS);
  const before = await tableOf(database, acme);
  expect(before).toHaveLength(420);
  expect(counts.episodes).toBe(420);

  await database.withTenant(acme, async (sql) => {
    await sql.query('DELETE FROM arqon.continuum_episodes WHERE tenant_id = $1', [acme]);
  });
  expect(await tableOf(database, acme)).toEqual([]);
  const rig = await createContinuumRig({ store, letters, stream });
  let selected = 0n;
  let cursor = '';
  do {
    const page = await rig.call('continuum.backfill', { tenant: 'acme', requestedBy: 'root', cursor });
    selected += page.selected;
    ({ cursor } = page);
  } while (cursor !== '');
  expect(selected).toBe(BigInt(EVENTS));
  expect(await tableOf(database, acme)).toEqual(before);
  expect(await store.counts(acme)).toEqual(counts);
}, 90_000);
