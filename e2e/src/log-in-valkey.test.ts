import { shippedValkeyUsers, startValkeyServer } from '@arqonbus/testkit';
import type { ValkeyServer } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

let valkey: ValkeyServer;
let bus: Bus;

beforeAll(async () => {
  const { users, env } = shippedValkeyUsers();
  valkey = await startValkeyServer({ users });
  const log = { ARQONBUS_LOG_BACKEND: 'valkey', ARQONBUS_REDIS_URL: valkey.url };
  bus = await startBus({ ...roomyLimits, ...env, ...log });
});

afterAll(async () => {
  await bus.stop();
  await valkey.stop();
});

test('[LOG-6] [LOG-9] two tenants: publications are stored in Valkey, delivered, paged and brought back, and none is seen by the other', async () => {
  const [alice, bob] = [await bus.connect({ user: 'alice' }), await bus.connect({ user: 'bob' })];
  const eve = await bus.connect({ user: 'eve', tenant: 'globex' });
  const target = { room: 'kept', channel: 'talk' };
  for (const client of [alice, bob, eve]) await client.must('join_channel', target);
  const acknowledged = [];
  for (let n = 0; n < 5; n++) acknowledged.push((await alice.publish('kept:talk', `grüße ${n}`)).payload);
  const seqs = acknowledged.map(({ seq }) => seq);
  for (const seq of seqs) expect(await bob.nextEvent()).toMatchObject({ seq });
  const { publications } = await bob.must('history', { ...target, order: 'newest', limit: 3 });
  expect((publications as readonly { readonly seq: number }[]).map(({ seq }) => seq)).toEqual(
    seqs.slice(2).toReversed(),
  );
  const { epoch, seq } = acknowledged[1] ?? {};
  const back = await bus.connect({ user: 'bob' });
  expect(await back.must('join_channel', { ...target, from: { epoch, seq } })).toMatchObject({ recovered: true });
  for (const missed of seqs.slice(2)) expect(await back.nextEvent()).toMatchObject({ seq: missed });
  expect(await eve.must('history', target)).toMatchObject({ publications: [] });
  const keys = "return #redis.call('KEYS', 'arqon:{acme}:*') + #redis.call('KEYS', 'arqon:{globex}:*')";
  expect(await valkey.command('EVAL', keys, '0')).toBe(await valkey.command('DBSIZE'));
  for (const client of [alice, bob, eve, back]) client.end();
});

test('[LOG-6] [LOG-5] [LOG-17] a repeat is acknowledged with its first sequence, and who expects another one is told which it is', async () => {
  const alice = await bus.connect({ user: 'alice' });
  await alice.must('join_channel', { room: 'kept', channel: 'counter' });
  const id = 'arq_valkey-repeat';
  const first = await alice.publish('kept:counter', 1, { id, expected_seq: 0 });
  expect(first).toMatchObject({ status: 'success' });
  const again = await alice.publish('kept:counter', 1, { id, expected_seq: 0 });
  expect(again.payload).toEqual({ ...first.payload, duplicate: true });
  const late = await alice.publish('kept:counter', 2, { expected_seq: 0 });
  expect(late).toMatchObject({ error_code: 'CONFLICT', payload: { seq: first.payload['seq'] } });
  const metrics = (await bus.scrapes()).join('\n');
  expect(metrics).toContain('arqonbus_valkey_usable 1');
  expect(metrics).toMatch(/arqonbus_brain_request_duration_seconds_count\{method="history.append"\} [1-9]/);
  alice.end();
});
