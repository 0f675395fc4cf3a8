import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';

// The line of Postgres in the table of degraded modes.

/** "Degraded modes": within 2 s; what a busy machine adds. */
const REFUSED_WITHIN_MS = 2_000 + 700;

let bus: FaultCluster;
beforeAll(async () => {
  bus = await startFaultCluster({}, '', 'own');
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

test('[ARC-5] [PRM-3] [R-18] without Postgres messages flow, grants hold and cannot be changed; it comes back by itself', async () => {
  await expect.poll(brainHealth, { timeout: 10_000 }).toEqual([
    [200, 'ok', 'ok'],
    [200, 'ok', 'ok'],
  ]);
  const [near, far] = [await bus.connect(0, { role: 'admin' }), await bus.connect(1, { user: 'bob' })];
  for (const client of [near, far]) await client.must('join_channel', { room: 'lab', channel: 'bench' });
  const denied = { subject: 'user:eve', action: 'join', pattern: 'lab:*', effect: 'deny' };
  const { grant_id: grantId } = await near.must('op.grant.put', denied);
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
  for (const client of [near, far, eve, late]) client.end();
});
