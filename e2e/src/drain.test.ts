import { connectRaw } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { listeners } from './harness/both-listeners.ts';
import type { ListenerName } from './harness/both-listeners.ts';
import { connectJson } from './harness/json-client.ts';
import type { JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

function start(listener: ListenerName, env: Readonly<Record<string, string>> = {}): Promise<Bus> {
  return startBus({ ...roomyLimits, ARQONBUS_SERVER_LISTENER: listener, ...env });
}

function publishNumbered(client: JsonClient, target: string, count: number): void {
  for (let n = 0; n < count; n++) {
    client.send({ id: `arq_drain-${String(n).padStart(6, '0')}`, type: 'event', room: target, payload: n, ack: true });
  }
}

async function connectToFirst(bus: Bus, user: string): Promise<JsonClient> {
  return connectJson({ port: bus.port, token: await bus.token({ user }) });
}

/** Everything that comes up to the end of the connection. */
async function untilEnd(
  client: JsonClient,
): Promise<{ acknowledged: string[]; payloads: unknown[]; events: unknown[] }> {
  const acknowledged: string[] = [];
  const payloads: unknown[] = [];
  const events: unknown[] = [];
  const collect = async (): Promise<never> => {
    for (;;) {
      const { type, request_id: requestId, payload } = await client.next(() => true);
      if (type === 'response') acknowledged.push(String(requestId));
      else if (type === 'event') payloads.push(payload);
      else events.push(payload);
    }
  };
  await collect().catch(() => client.closed());
  return { acknowledged, payloads, events };
}

test.for(listeners)(
  '[DPL-3] on SIGTERM clients are told when to come back, closed 1012, and the process ends 0 (%s)',
  async (listener) => {
    const bus = await start(listener);
    const clients = await Promise.all(Array.from({ length: 40 }, (_, n) => bus.connect({ user: `u-${n}` })));
    const startedMs = performance.now();
    bus.signal('SIGTERM');
    const delays = await Promise.all(
      clients.map(async (client) => {
        const { payload } = await client.nextSystem('going_away');
        expect(payload).toEqual({ event: 'going_away', reconnect_in_ms: expect.any(Number) });
        expect((await client.closed()).code).toBe(1012);
        return Number(payload['reconnect_in_ms']);
      }),
    );
    expect(await bus.exited).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(2_500);
    expect(new Set(delays).size).toBeGreaterThan(5);
    for (const delay of delays) expect(delay).toBeGreaterThanOrEqual(0);
    expect(bus.log()).not.toMatch(/"level":(50|60)/);
  },
);

test.for(listeners)('[DPL-3] what was stored before the end is acknowledged, and delivered (%s)', async (listener) => {
  const bus = await start(listener);
  // On one Shield, which sends the sender away first: another one would not wait with the reader.
  const [sender, reader] = [await connectToFirst(bus, 'sender'), await connectToFirst(bus, 'reader')];
  for (const client of [sender, reader]) await client.must('join_channel', { room: 'last', channel: 'words' });
  publishNumbered(sender, 'last:words', 2_000);
  await sender.next(({ type }) => type === 'response');
  bus.signal('SIGTERM');
  const [sent, read] = await Promise.all([untilEnd(sender), untilEnd(reader)]);
  expect(read.payloads).toEqual(read.payloads.map((_, n) => n));
  // The first acknowledgement was taken before. The reader may be sent away while the log still stores: the sender waits.
  expect(sent.acknowledged.length + 1).toBeGreaterThanOrEqual(read.payloads.length);
  expect(await bus.exited).toBe(0);
});

test.for(listeners)('[DPL-3] a stuck client does not hold the end (%s)', async (listener) => {
  const bus = await start(listener);
  const [stuck, honest] = await Promise.all([bus.connect({ user: 'stuck' }), bus.connect({ user: 'honest' })]);
  for (const client of [stuck, honest])
    await client.must('join_channel', { room: 'stuck', channel: 'x', echo: client === honest });
  stuck.socket.pause();
  const payload = 'x'.repeat(60_000);
  for (let n = 0; n < 200; n++) expect((await honest.publish('stuck:x', payload)).status).toBe('success');
  const startedMs = performance.now();
  bus.signal('SIGTERM');
  expect((await honest.closed()).code).toBe(1012);
  expect(await bus.exited).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(3_500);
  stuck.end();
});

test.for(listeners)('[DPL-3] without clients the end comes at once (%s)', async (listener) => {
  const bus = await start(listener, { ARQONBUS_SERVER_DRAIN_TIMEOUT_MS: '30000' });
  const startedMs = performance.now();
  bus.signal('SIGTERM');
  expect(await bus.exited).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

test.for(listeners)('[DPL-3] while it drains it is not ready and lets nobody in (%s)', async (listener) => {
  const bus = await start(listener, { ARQONBUS_SERVER_DRAIN_TIMEOUT_MS: '3000' });
  // Of the Shield that is asked below: another one may have heard the signal sooner.
  const clients = await Promise.all(Array.from({ length: 20 }, (_, n) => connectToFirst(bus, `u-${n}`)));
  const token = await bus.token();
  bus.signal('SIGTERM');
  await Promise.any(clients.map((client) => client.nextSystem('going_away')));
  const ready = await fetch(`${bus.httpUrl}/health/ready`);
  expect([ready.status, await ready.json()]).toMatchObject([503, { status: 'unavailable' }]);
  const outcome = await connectRaw({ port: bus.port, headers: { authorization: `Bearer ${token}` } }).then(
    ({ status }) => status,
    () => 'connection refused',
  );
  expect([503, 'connection refused']).toContain(outcome);
  expect((await fetch(`${bus.httpUrl}/health/live`)).status).toBe(200);
  expect(await bus.exited).toBe(0);
});

test('[DPL-3] a second signal does not wait', async () => {
  const bus = await start('ws', { ARQONBUS_SERVER_DRAIN_TIMEOUT_MS: '30000' });
  const clients = await Promise.all(Array.from({ length: 20 }, (_, n) => bus.connect({ user: `u-${n}` })));
  bus.signal('SIGTERM');
  await Promise.any(clients.map((client) => client.nextSystem('going_away')));
  bus.signal('SIGTERM');
  expect(await bus.exited).not.toBe(0);
  for (const client of clients) client.end();
});
