import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import { startKeptEpisodes } from './harness/kept-episodes.ts';
import { startKeptWork } from './harness/kept-work.ts';
import { publishNumbers } from './harness/numbered-log.ts';
import { report } from './harness/report.ts';

// The line of Postgres in the table of degraded modes.

/** "Degraded modes": within 2 s; what a busy machine adds. */
const REFUSED_WITHIN_MS = 2_000 + 700;

let bus: FaultCluster;
beforeAll(async () => {
  const archived = { class: 'history', max_messages: 8, max_age_ms: 3_600_000, max_bytes: 1_048_576, archive: true };
  const env = {
    ARQONBUS_LOG_PROFILES: JSON.stringify({ archived, ledger: { ...archived, max_messages: 10_000 } }),
    ARQONBUS_LOG_RULES: JSON.stringify([
      { pattern: 'shelf:*', profile: 'archived' },
      { pattern: 'ledger:*', profile: 'ledger' },
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

/** A figure of each Brain's metrics. */
async function brainFigures(name: string): Promise<readonly number[]> {
  const texts = await Promise.all(
    bus.brains.map(async (brain) => (await fetch(`${brain.addresses()['http_url']}/metrics`)).text()),
  );
  return texts.map((text) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]));
}

/** The largest. */
async function brainFigure(name: string): Promise<number> {
  return Math.max(...(await brainFigures(name)));
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

test('[ARC-5] [PRM-3] [WHK-1] [CRN-2] [OPR-3] [CTM-4] [R-18] without Postgres messages flow, grants hold, webhooks are told, episodes wait, and none of it can be changed; it comes back by itself', async () => {
  await expect.poll(brainHealth, { timeout: 10_000 }).toEqual([
    [200, 'ok', 'ok'],
    [200, 'ok', 'ok'],
  ]);
  const [near, far] = [await bus.connect(0, { role: 'admin' }), await bus.connect(1, { user: 'bob' })];
  for (const client of [near, far]) await client.must('join_channel', { room: 'lab', channel: 'bench' });
  const denied = { subject: 'user:eve', action: 'join', pattern: 'lab:*', effect: 'deny' };
  const { grant_id: grantId } = await near.must('op.grant.put', denied);
  const kept = await startKeptWork(bus);
  const episodes = await startKeptEpisodes(bus);
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
  await episodes.whileAway();
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
  await episodes.afterwards();
  for (const client of [near, far, eve, late]) client.end();
});

test(
  '[LOG-15] [BRN-1] [ARC-3] the Brain that copies is killed in the middle of it under load: the archive has every acknowledged message once, by the one that takes over',
  { timeout: 90_000 },
  async () => {
    const writer = await bus.connect(0);
    await writer.must('join_channel', { room: 'ledger', channel: 'book' });
    // Well below what the log keeps for the archive while nobody copies.
    const load = publishNumbers(writer, 'ledger:book', 10);
    const [holder, looker] = [await bus.openAdminSession(), await bus.openAdminSession()];
    const archived = (): Promise<readonly { seq: string; prev_seq: string }[]> =>
      looker.query(`SELECT seq::text, prev_seq::text FROM arqon.archive WHERE room = 'ledger' ORDER BY archive.seq`);
    await expect.poll(async () => (await archived()).length, { timeout: 10_000 }).toBeGreaterThan(100);

    // Nobody can add a row: who copies has moved the position by then, in the transaction that waits here.
    await holder.query('BEGIN; LOCK TABLE arqon.archive IN SHARE MODE');
    const waiting = `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'arqon.archive'::regclass`;
    await expect.poll(async () => (await looker.query(waiting)).length, { timeout: 10_000 }).toBe(1);
    const lags = await brainFigures('arqonbus_archive_lag_messages');
    const copying = lags.findIndex((lag) => lag > 0);
    await bus.brains[copying]?.kill();
    expect((await looker.query(waiting)).length).toBe(1);
    await holder.query('ROLLBACK');
    const before = load.acknowledged();
    const other = bus.brains[1 - copying];
    const copied = async (): Promise<number> => {
      const text = await (await fetch(`${other?.addresses()['http_url']}/metrics`)).text();
      return Number(/^arqonbus_archive_copied_total (\S+)$/m.exec(text)?.[1]);
    };
    await expect.poll(copied, { timeout: 15_000 }).toBeGreaterThan(100);
    const acknowledged = await load.stop();
    await expect.poll(async () => (await archived()).length, { timeout: 30_000 }).toBe(acknowledged.size);
    const rows = await archived();
    const seqs = [...acknowledged.values()].toSorted((a, b) => a - b);
    report('the copying Brain killed', {
      acknowledged: seqs.length,
      'acknowledged before': before,
      archived: rows.length,
    });
    expect(rows.map(({ seq }) => Number(seq))).toEqual(seqs);
    expect(rows.map(({ prev_seq: prev }) => Number(prev))).toEqual([0, ...seqs.slice(0, -1)]);
    await Promise.all([holder.close(), looker.close()]);
    writer.end();
  },
);
