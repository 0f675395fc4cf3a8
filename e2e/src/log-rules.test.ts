import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Where the log keeps channels is changed while the bus runs, by the road of all settings of run time.

const TOKEN = 'op-4f1d7a90c2e84b6f9d35aa01e7c8b264';
let bus: Bus;

beforeAll(async () => {
  bus = await startBus({ ARQONBUS_HTTP_ADMIN_TOKEN: TOKEN });
});

afterAll(() => bus.stop());

/** Changes or resets the rules; gives the status. */
async function ask(method: 'PUT' | 'DELETE', value?: unknown): Promise<number> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const body = value === undefined ? {} : { body: JSON.stringify({ value }) };
  return (await fetch(`${bus.httpUrl}/settings/log.rules`, { method, headers, ...body })).status;
}

test('[LOG-4] [CFG-1] a rule of the log that is changed moves channels at once, and no position from before is taken', async () => {
  const target = { room: 'moving', channel: 'general' };
  const [alice, bob] = [await bus.connect(), await bus.connect({ user: 'bob' })];
  const { epoch, seq } = await alice.must('join_channel', target);
  await bob.must('join_channel', target);
  expect(await alice.publish('moving:general', 1)).toMatchObject({ payload: { epoch } });
  expect((await bob.nextEvent()).payload).toBe(1);
  expect(await ask('PUT', [{ pattern: 'moving:*', profile: 'nowhere' }])).toBe(400);
  expect(await ask('PUT', [{ pattern: 'moving:*', profile: 'live' }])).toBe(200);
  for (const client of [alice, bob]) {
    expect((await client.nextSystem('lagging')).payload).toMatchObject({ recovered: false, reason: 'no_log' });
    expect(await client.command('history', target)).toMatchObject({ error_code: 'FEATURE_DISABLED' });
    expect(await client.must('join_channel', { ...target, from: { epoch, seq } })).toMatchObject({ reason: 'no_log' });
  }
  // Not in the log: who was away has missed it.
  await alice.publish('moving:general', 2);
  expect((await bob.nextEvent()).payload).toBe(2);
  expect(await ask('DELETE')).toBe(200);
  for (const client of [alice, bob]) {
    expect((await client.nextSystem('lagging')).payload).toMatchObject({ recovered: false, reason: 'epoch_changed' });
    const again = await client.must('join_channel', { ...target, from: { epoch, seq } });
    expect(again).toMatchObject({ recovered: false, reason: 'epoch_changed' });
    expect(again['epoch']).not.toBe(epoch);
  }
  expect(await alice.publish('moving:general', 3)).toMatchObject({ payload: { seq: expect.any(Number) } });
  expect(await bob.nextEvent()).toMatchObject({ payload: 3, seq: expect.any(Number) });
  for (const client of [alice, bob]) client.end();
});
