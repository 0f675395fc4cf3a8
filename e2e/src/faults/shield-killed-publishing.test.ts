import { SHIPPED_RULES } from '@arqonbus/config';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { FollowedClient } from './harness/followed-client.ts';

// A Shield dies with a publication in its hands. The second one reaches NATS through a proxy.
const [NEAR, DYING] = [0, 1];
/** So long that nothing else that a Shield says is taken for it. */
const TEXT = 'once '.repeat(2_000);

let bus: FaultCluster;
beforeAll(async () => {
  bus = await startFaultCluster({ ARQONBUS_LOG_RULES: JSON.stringify(SHIPPED_RULES) });
});
afterAll(() => bus.stop());

afterEach(async () => {
  bus.spineProxy.heal();
  await bus.restartShield(DYING);
});

/** A reader on the Shield that lives, and somebody who is about to publish on the other one. */
async function meet(channel: string): Promise<readonly [FollowedClient, FollowedClient]> {
  const clients = [await bus.connect(NEAR, { user: 'reader' }), await bus.connect(DYING, { user: 'writer' })] as const;
  for (const client of clients) await client.must('join_channel', { room: 'dying', channel });
  return clients;
}

/** Publishes once more what it had no answer to, from a Shield that lives. */
async function publishAgain(
  channel: string,
  id: string,
): Promise<{ readonly code: string; readonly payload: unknown }> {
  const writer = await bus.connect(NEAR, { user: 'writer' });
  await writer.must('join_channel', { room: 'dying', channel });
  const { code, payload } = await writer.publish(`dying:${channel}`, TEXT, { id });
  writer.end();
  return { code, payload };
}

test('[LOG-5] R-02: a Shield killed after the log has stored it, before the client is told: the same id is stored once, and acknowledged with its first place', async () => {
  const [reader, writer] = await meet('stored');
  bus.spineProxy.blackhole('toClient');
  const id = 'arq_stored-once-and-acknowledged-later';
  const answer = writer.publish('dying:stored', TEXT, { id });
  answer.catch(() => undefined);
  await expect.poll(() => reader.events.length, { timeout: 10_000 }).toBe(1);
  await bus.shields[DYING]?.kill();
  await expect(answer).rejects.toThrow('the connection ended');
  const [first] = reader.events;
  const payload = { seq: first?.['seq'], epoch: first?.['epoch'], duplicate: true };
  expect(await publishAgain('stored', id)).toEqual({ code: 'ok', payload });
  expect(await historyOf(reader, 'stored')).toEqual([id]);
  expect(reader.events.length).toBe(1);
  reader.end();
});

test('[LOG-5] [LOG-7] R-03: a Shield killed before the log has heard of it acknowledges nothing, and the same id is stored once', async () => {
  const [reader, writer] = await meet('unheard');
  const before = bus.spineProxy.swallowed();
  bus.spineProxy.blackhole('toServer');
  const id = 'arq_never-left-the-first-time';
  const answer = writer.publish('dying:unheard', TEXT, { id });
  answer.catch(() => undefined);
  await expect.poll(() => bus.spineProxy.swallowed()).toBeGreaterThan(before + TEXT.length);
  await bus.shields[DYING]?.kill();
  await expect(answer).rejects.toThrow('the connection ended');
  expect(await historyOf(reader, 'unheard')).toEqual([]);
  const again = await publishAgain('unheard', id);
  expect(again.code).toBe('ok');
  expect(again.payload).not.toHaveProperty('duplicate');
  await expect.poll(() => reader.events.map((event) => event['id'])).toEqual([id]);
  expect(await historyOf(reader, 'unheard')).toEqual([id]);
  reader.end();
});

async function historyOf(client: FollowedClient, channel: string): Promise<readonly unknown[]> {
  const { publications } = await client.must('history', { room: 'dying', channel });
  return (publications as readonly { readonly id: string }[]).map(({ id }) => id);
}
