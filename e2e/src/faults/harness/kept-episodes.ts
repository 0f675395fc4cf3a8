import { expect } from 'vitest';
import type { FaultCluster } from './fault-cluster.ts';
import type { FollowedClient } from './followed-client.ts';

/** Episodes of a tenant, whose projection lies in Postgres (CTM-4). */
export interface KeptEpisodes {
  /** Checks that events are still taken, and who asks is refused. */
  whileAway(): Promise<void>;
  /** Checks that all of them are projected, none twice. */
  afterwards(): Promise<void>;
}

const PROJECTOR = 'op.continuum.projector';
const patient = { timeout: 20_000 };

/** Publishes the first one; when this resolves it is projected. */
export async function startKeptEpisodes(bus: FaultCluster): Promise<KeptEpisodes> {
  const admin = await bus.connect(1, { tenant: 'kept', user: 'root', role: 'admin' });
  await admin.must('join_channel', { room: 'continuum', channel: 'episodes' });
  let published = 0;
  const publish = async (): Promise<void> => {
    published += 1;
    expect(await admin.publish('continuum:episodes', episode(published))).toMatchObject({ code: 'ok' });
  };
  await publish();
  await expect.poll(() => figures(admin), patient).toEqual([1, 1]);
  return {
    whileAway: async () => {
      for (let n = 0; n < 20; n += 1) await publish();
      for (const name of ['status', 'list', 'dlq.list', 'backfill']) {
        expect([name, (await admin.command(`${PROJECTOR}.${name}`)).code]).toEqual([name, 'UNAVAILABLE']);
      }
    },
    afterwards: async () => {
      await expect.poll(() => figures(admin), patient).toEqual([published, published]);
      admin.end();
    },
  };
}

/** How many episodes there are, and how many events were seen; nothing where it cannot be told. */
async function figures(admin: FollowedClient): Promise<readonly unknown[]> {
  const { payload } = await admin.command(`${PROJECTOR}.status`);
  return [payload['projection_count'], payload['seen_event_count']];
}

function episode(n: number): object {
  return {
    event_id: `event-${n}`,
    event_type: 'episode.created',
    tenant_id: 'kept',
    agent_id: 'planner',
    episode_id: `episode-${n}`,
    source_ts: '2026-11-26T09:00:00Z',
    schema_version: 1,
    payload: { content_ref: `s3://episodes/${n}`, tags: [], metadata: {} },
  };
}
