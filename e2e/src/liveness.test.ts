import { opcodes, startChaosProxy } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { busOnEach, listeners } from './harness/both-listeners.ts';
import { connectJson } from './harness/json-client.ts';
import type { JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';

// All at once: each of them waits for seconds, and the clients of one are nothing to another.
const busOn = busOnEach({
  ...roomyLimits,
  ARQONBUS_LIMITS_HEARTBEAT_MS: '900',
  ARQONBUS_LIMITS_IDLE_TIMEOUT_MS: '2500',
  ARQONBUS_PRESENCE_LINGER_MS: '300',
});

test.concurrent.for(listeners)(
  '[PRT-5] [PRS-2] R-07: the server pings; silence and a half-open link are closed 4408 and hold no place, a pong or a frame is not (%s)',
  async (listener, { expect }) => {
    const bus = busOn(listener);
    const proxy = await startChaosProxy({ targetPort: bus.port });
    const connect = async (user: string, answerPings: boolean, port: number = bus.port): Promise<JsonClient> =>
      connectJson({ port, token: await bus.token({ user }), answerPings });
    // Before the server began to count, so that a slow machine only makes the time longer.
    const startedMs = performance.now();
    const [silent, polite, busy, halfOpen, watcher] = await Promise.all([
      connect('silent', false),
      connect('polite', true),
      connect('busy', false),
      connect('half-open', true, proxy.port),
      connect('watcher', true),
    ]);
    const place = { room: 'liveness', channel: 'silence' };
    await watcher.must('join_channel', { ...place, presence: true });
    await halfOpen.must('join_channel', place);
    await watcher.nextSystem('presence');
    // From here on it is there for nobody, and no end of it ever arrives.
    proxy.blackhole();
    expect(silent.welcome['heartbeat_ms']).toBe(900);
    await silent.socket.next(({ opcode }) => opcode === opcodes.ping);
    for (let n = 0; n < 3; n++) {
      await polite.socket.next(({ opcode }) => opcode === opcodes.ping);
      await busy.must('ping');
    }
    expect((await silent.closed()).code).toBe(4408);
    expect(performance.now() - startedMs).toBeGreaterThan(2_300);
    const left = await watcher.next(({ payload }) => payload?.['event'] === 'presence', 10_000);
    expect(left.payload).toMatchObject({ joins: [], leaves: [{ user: 'half-open' }] });
    expect(await watcher.must('channel_info', place)).toMatchObject({ members: 1 });
    for (const client of [polite, busy, watcher]) {
      expect(await client.must('ping')).toMatchObject({ pong: true });
      client.end();
    }
    await expect.poll(() => bus.metric('arqonbus_connections_closed_total{code="4408"}')).toBe(2);
    await proxy.stop();
  },
);

test.concurrent.for(listeners)(
  '[PRT-6] an expiring token is announced, and ends the session unless it is refreshed (%s)',
  async (listener) => {
    const bus = busOn(listener);
    const ttlMs = 3_500;
    const expiresMs = Date.now() + ttlMs;
    const connect = async (user: string): Promise<JsonClient> =>
      connectJson({ port: bus.port, token: await bus.token({ user, ttlMs }), answerPings: true });
    const [careless, careful] = await Promise.all([connect('careless'), connect('careful')]);
    const { payload } = await careless.nextSystem('token_expiring');
    expect(payload).toEqual({ event: 'token_expiring', in_ms: expect.any(Number) });
    expect(payload['in_ms']).toBeGreaterThan(0);
    expect(payload['in_ms']).toBeLessThan(ttlMs);
    await careful.nextSystem('token_expiring');
    await careful.must('refresh', { token: await bus.token({ user: 'careful' }) });
    expect((await careless.closed()).code).toBe(4401);
    expect(Date.now()).toBeGreaterThanOrEqual(expiresMs - 50);
    expect(await careful.must('ping')).toMatchObject({ pong: true });
    careful.end();
  },
);

test.concurrent('[PRT-6] a connection that has lived long enough is sent away to come back', async () => {
  const bus = await startBus({ ARQONBUS_LIMITS_MAX_CONNECTION_LIFE_MS: '1000' });
  const client = await bus.connect();
  expect((await client.nextSystem('going_away')).payload).toEqual({ event: 'going_away', reconnect_in_ms: 0 });
  expect((await client.closed()).code).toBe(1012);
  await bus.stop();
});
