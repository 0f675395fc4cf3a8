import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

const KEPT = 5;
let bus: Bus;

beforeAll(async () => {
  const profile = { class: 'history', max_messages: KEPT, max_age_ms: 3_600_000, max_bytes: 1_048_576 };
  bus = await startBus({ ARQONBUS_LOG_PROFILES: JSON.stringify({ default: profile }) });
});

afterAll(() => bus.stop());

test.each([
  ['all that was missed is still there', KEPT - 1, { recovered: true }],
  ['something that was missed is gone', KEPT + 1, { recovered: false, reason: 'trimmed' }],
])('[LOG-9] tells a client that joined an empty channel whether %s', async (_, missed, told) => {
  const target = { room: 'recover', channel: `from-nothing-${missed}` };
  const bob = await bus.connect({ user: 'bob' });
  const { epoch, seq } = await bob.must('join_channel', target);
  bob.end();
  const alice = await bus.connect();
  await alice.must('join_channel', target);
  for (let n = 0; n < missed; n++) await alice.publish(`recover:${target.channel}`, n);
  alice.end();
  const back = await bus.connect({ user: 'bob' });
  expect(await back.must('join_channel', { ...target, from: { epoch, seq } })).toMatchObject(told);
  back.end();
});

test('[LOG-10] many clients that come back to one channel share one read of the log at each Shield', async () => {
  const target = { room: 'recover', channel: 'herd' };
  const alice = await bus.connect();
  const { epoch, seq } = await alice.must('join_channel', target);
  for (let n = 1; n < KEPT; n++) await alice.publish('recover:herd', n);
  const reads = (): Promise<number> => bus.metric('arqonbus_recovery_reads_total{from="log"}');
  const before = await reads();
  const herd = await Promise.all(Array.from({ length: 30 }, (_, n) => bus.connect({ user: `returning-${n}` })));
  const joined = await Promise.all(
    herd.map((client) => client.must('join_channel', { ...target, from: { epoch, seq } })),
  );
  expect(joined.every(({ recovered }) => recovered === true)).toBe(true);
  for (const client of herd) {
    for (let n = 1; n < KEPT; n++) expect((await client.nextEvent()).payload).toBe(n);
    client.end();
  }
  expect((await reads()) - before).toBeLessThanOrEqual(bus.pids.length);
  alice.end();
});

test('[LOG-9] [ARC-13] history and recovery give numbers back as they were written', async () => {
  const alice = await bus.connect();
  await alice.must('join_channel', { room: 'exact', channel: 'numbers' });
  alice.socket.sendText('{"type":"event","room":"exact:numbers","payload":{"id":9223372036854775807,"x":1.0}}');
  await alice.publish('exact:numbers', 'end');
  alice.send({ id: 'arq_history-1', type: 'command', command: 'history', args: { room: 'exact', channel: 'numbers' } });
  const { payload } = await alice.socket.next(({ payload: bytes }) => bytes.includes('arq_history-1'));
  expect(payload.toString()).toContain('"payload":{"id":9223372036854775807,"x":1.0}');
  alice.end();
});

test('[A-12] a narrower token ends the subscriptions that it no longer allows', async () => {
  const alice = await bus.connect();
  await alice.must('join_channel', { room: 'finance', channel: 'plans' });
  await alice.must('join_channel', { room: 'lunch', channel: 'today' });
  const permissions = [{ action: 'join', pattern: 'finance:*', effect: 'deny' }] as const;
  alice.send({
    id: 'arq_refresh-1',
    type: 'command',
    command: 'refresh',
    args: { token: await bus.token({ permissions }) },
  });
  const left = await alice.nextSystem('left');
  expect(left.payload).toMatchObject({ room: 'finance', channel: 'plans', reason: 'rights' });
  expect(await alice.publish('finance:plans', 'still in?')).toMatchObject({ error_code: 'NOT_SUBSCRIBED' });
  expect(await alice.publish('lunch:today', 'soup')).toMatchObject({ status: 'success' });
  alice.end();
});
