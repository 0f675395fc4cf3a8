import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import { startKeptWork } from './harness/kept-work.ts';

// The line of Postgres in the table of degraded modes.

/** "Degraded modes": within 2 s; what a busy machine adds. */
const REFUSED_WITHIN_MS = 2_000 + 700;

let bus: FaultCluster;
beforeAll(async () => {
  const archived = { class: 'history', max_messages: 8, max_age_ms: 3_600_000, max_bytes: 1_048_576, archive: true };
  const env = {
    ARQONBUS_LOG_PROFILES: JSON.stringify({ archived }),
    ARQONBUS_LOG_RULES: JSON.stringify([
      { pattern: 'shelf:*', profile: 'archived' },
      { pattern: '*:*', profile: 'default' },
    ]),
  };
  bus = await startFaultCluster(env, '', 'own');
});
afterAll(() => bus.stop());

/** What the Brains say of themselves: status code, one word, and how Postgres is. */
function brainHealth(): Promise<readonly (readonly unknown[])[]> {
  return Promise.all(
    bus.brains.map(async (brain) => {
      const answer = await fetch(`${brain.addresses()['http_url']}/health/ready`);
      const { status, checks } = (await answer.json()) as { status: string; checks: Record<string, string> };
      return [answer.status, status, checks['postgres']];
    }),
  );
}

/** A figure of the Brains' metrics, the largest. */
async function brainFigure(name: string): Promise<number> {
  const texts = await Promise.all(
    bus.brains.map(async (brain) => (await fetch(`${brain.addresses()['http_url']}/metrics`)).text()),
  );
  return Math.max(...texts.map((text) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])));
}

test('[LOG-15] [R-18] without Postgres the archive lags; nothing that the log still holds is lost or doubled by that', async () => {
  const target = { room: 'shelf', channel: 'books' };
  const [writer, reader] = [await bus.connect(0), await bus.connect(1, { user: 'bob' })];
  await writer.must('join_channel', target);
  let n = 0;
  const publish = async (count: number): Promise<void> => {
    for (const end = n + count; n < end; n += 1)
      expect(await writer.publish('shelf:books', n)).toMatchObject({ code: 'ok' });
  };
  const drained = (): Promise<void> =>
    expect.poll(() => brainFigure('arqonbus_archive_copied_total'), { timeout: 10_000 }).toBe(n);
  const read = async (): Promise<readonly [unknown[], unknown]> => {
    const page = await reader.must('history', { ...target, limit: 100 });
    return [(page['publications'] as { payload: unknown }[]).map(({ payload }) => payload), page['incomplete']];
  };
  const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, k) => from + k);
  await publish(8);
  await drained();
  await publish(4);
  await drained();
  expect(await read()).toEqual([numbers(0, 12), undefined]);
  await bus.postgres?.kill();
  await expect.poll(() => brainFigure('arqonbus_postgres_up'), { timeout: 10_000 }).toBe(0);
  await publish(8);
  // What the log holds is told, and that there may be more.
  expect(await read()).toEqual([numbers(12, 20), true]);
  await expect.poll(() => brainFigure('arqonbus_archive_lag_messages'), { timeout: 10_000 }).toBe(8);
  expect(await brainFigure('arqonbus_archive_lag_seconds')).toBeGreaterThan(0);
  await bus.postgres?.restart();
  await expect.poll(async () => (await read())[0], { timeout: 20_000 }).toEqual(numbers(0, 20));
  const caughtUp = (): Promise<void> =>
    expect.poll(() => brainFigure('arqonbus_archive_lag_seconds'), { timeout: 10_000 }).toBe(0);
  await caughtUp();
  await publish(8);
  await drained();
  expect(await read()).toEqual([numbers(0, 28), undefined]);
  for (const client of [writer, reader]) client.end();
});

test('[ARC-5] [PRM-3] [WHK-1] [CRN-2] [OPR-3] [R-18] without Postgres messages flow, grants hold, webhooks are told, and none of it can be changed; it comes back by itself', async () => {
  await expect.poll(brainHealth, { timeout: 10_000 }).toEqual([
    [200, 'ok', 'ok'],
    [200, 'ok', 'ok'],
  ]);
  const [near, far] = [await bus.connect(0, { role: 'admin' }), await bus.connect(1, { user: 'bob' })];
  for (const client of [near, far]) await client.must('join_channel', { room: 'lab', channel: 'bench' });
  const denied = { subject: 'user:eve', action: 'join', pattern: 'lab:*', effect: 'deny' };
  const { grant_id: grantId } = await near.must('op.grant.put', denied);
  const kept = await startKeptWork(bus);
  const eve = await bus.connect(1, { user: 'eve' });
  const knock = async (): Promise<string> =>
    (await eve.command('join_channel', { room: 'lab', channel: 'bench' })).code;
  await expect.poll(knock).toBe('AUTHORIZATION_ERROR');
  await bus.postgres?.kill();
  await expect.poll(brainHealth, { timeout: 10_000 }).toEqual([
    [200, 'degraded', 'down'],
    [200, 'degraded', 'down'],
  ]);
  expect(await near.publish('lab:bench', { n: 1 })).toMatchObject({ code: 'ok' });
  await expect.poll(() => far.events.length).toBe(1);
  await near.must('create_channel', { room: 'lab', channel: 'made-meanwhile' });
  for (const [name, args] of [
    ['op.grant.put', { ...denied, action: 'publish' }],
    ['op.grant.list', {}],
    ['op.grant.delete', { grant_id: grantId }],
  ] as const) {
    const refused = await near.command(name, args);
    expect([name, refused.code]).toEqual([name, 'UNAVAILABLE']);
    expect(refused.tookMs).toBeLessThan(REFUSED_WITHIN_MS);
  }
  await kept.whileAway();
  // Known to who was there, and to who comes now.
  expect(await knock()).toBe('AUTHORIZATION_ERROR');
  const late = await bus.connect(0, { user: 'eve' });
  expect((await late.command('join_channel', { room: 'lab', channel: 'bench' })).code).toBe('AUTHORIZATION_ERROR');
  await bus.postgres?.restart();
  await expect.poll(brainHealth, { timeout: 10_000 }).toEqual([
    [200, 'ok', 'ok'],
    [200, 'ok', 'ok'],
  ]);
  expect(await near.must('op.grant.delete', { grant_id: grantId })).toEqual({ deleted: true });
  await expect.poll(knock).toBe('ok');
  await kept.afterwards();
  for (const client of [near, far, eve, late]) client.end();
});
