import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';

// The line of Postgres in the table of degraded modes.

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

test('[ARC-5] [R-18] without Postgres messages flow and Brains are ready, degraded; it comes back by itself', async () => {
  await expect.poll(brainHealth, { timeout: 10_000 }).toEqual([
    [200, 'ok', 'ok'],
    [200, 'ok', 'ok'],
  ]);
  const [near, far] = [await bus.connect(0, { role: 'admin' }), await bus.connect(1, { user: 'bob' })];
  for (const client of [near, far]) await client.must('join_channel', { room: 'lab', channel: 'bench' });
  await bus.postgres?.kill();
  await expect.poll(brainHealth, { timeout: 10_000 }).toEqual([
    [200, 'degraded', 'down'],
    [200, 'degraded', 'down'],
  ]);
  expect(await near.publish('lab:bench', { n: 1 })).toMatchObject({ code: 'ok' });
  await expect.poll(() => far.events.length).toBe(1);
  await near.must('create_channel', { room: 'lab', channel: 'made-meanwhile' });
  await bus.postgres?.restart();
  await expect.poll(brainHealth, { timeout: 10_000 }).toEqual([
    [200, 'ok', 'ok'],
    [200, 'ok', 'ok'],
  ]);
  for (const client of [near, far]) client.end();
});
