import { connectRaw } from '@arqonbus/testkit';
import type { RawSocket } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { busOnEach, listeners } from './harness/both-listeners.ts';
import { connectJson } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Clients come through a proxy that is believed, so that one machine can be many addresses.
const settings = {
  ...roomyLimits,
  ARQONBUS_SERVER_TRUSTED_PROXIES: '127.0.0.1',
  ARQONBUS_LIMITS_COMMANDS_PER_SECOND: '1',
};

/** Where nobody waits for the end of a hold. */
const busOn = busOnEach({ ...settings, ARQONBUS_LIMITS_CONNECT_QUEUE_MS: '0' });

/** Of the first flood of somebody, the next one, and those after it. */
const HOLDS_MS = [1_000, 8_000, 60_000];

interface Hold {
  /** Before which the hold has not begun. */
  readonly sinceMs: number;
  readonly retryAfterMs: number;
  readonly clientId: string;
  readonly resumeToken: unknown;
}

/** Commands of this user until it is cut; a hold counts at the Shield that cut. */
async function flood(bus: Bus, user: string): Promise<Hold> {
  const client = await connectJson({ port: bus.port, token: await bus.token({ user }) });
  const sinceMs = performance.now();
  for (let n = 0; n < 150; n++) client.send({ type: 'command', id: `arq_flood-${n}`, command: 'ping' });
  const told = await client.next(({ type, request_id: answered }) => type === 'error' && answered === undefined);
  expect(told).toMatchObject({ error_code: 'RATE_LIMITED', payload: { retry_after_ms: expect.any(Number) } });
  expect((await client.closed()).code).toBe(4429);
  const { clientId, welcome } = client;
  return {
    sinceMs,
    retryAfterMs: Number(told.payload['retry_after_ms']),
    clientId,
    resumeToken: welcome['resume_token'],
  };
}

async function knock(bus: Bus, user: string, address = ''): Promise<RawSocket> {
  const forwarded = address === '' ? {} : { 'x-forwarded-for': address };
  const headers = { authorization: `Bearer ${await bus.token({ user })}`, ...forwarded };
  return connectRaw({ port: bus.port, headers });
}

async function knockAsBrowser(bus: Bus, user: string): Promise<unknown> {
  const socket = await connectRaw({
    port: bus.port,
    protocols: ['arqon.v1.json', `bearer.${await bus.token({ user })}`],
  });
  const { payload } = await socket.nextFrame();
  const { error_code: code } = JSON.parse(payload.toString()) as { readonly error_code?: string };
  // One that is let in, as its hold is over, is not closed.
  if (code === undefined) socket.destroy();
  return [code, (await socket.closed()).code];
}

test.for(listeners)(
  '[PRT-23] [PRT-27] [P-24] who is cut for flooding is held off at the handshake (%s)',
  async (listener) => {
    const bus = busOn(listener);
    let hold: Hold;
    let refused: RawSocket;
    let told: readonly unknown[];
    let rounds = 0;
    do {
      hold = await flood(bus, 'flooder');
      expect(hold.retryAfterMs).toBe(HOLDS_MS[Math.min(rounds++, 2)]);
      refused = await knock(bus, 'flooder');
      told = [refused.status, await knockAsBrowser(bus, 'flooder')];
      // On a machine so slow that the hold may have been over by now the next one is longer.
    } while (performance.now() - hold.sinceMs >= hold.retryAfterMs);
    expect(told).toEqual([429, ['RATE_LIMITED', 4429]]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(JSON.parse(refused.body)).toMatchObject({
      error_code: 'RATE_LIMITED',
      details: { retry_after_ms: expect.any(Number) },
    });
    expect(await bus.metric('arqonbus_connections_refused_total{reason="flood"}')).toBeGreaterThanOrEqual(2);
    expect(bus.log().split('"flooder_held_off"')).toHaveLength(rounds + 1);
  },
);

test.for(listeners)(
  '[PRT-23] [P-24] nobody else of that address, and the same person elsewhere, is held off (%s)',
  async (listener) => {
    const bus = busOn(listener);
    const hold = await flood(bus, 'noisy');
    for (const socket of [await knock(bus, 'neighbour'), await knock(bus, 'noisy', '203.0.113.7')]) {
      expect(socket.status).toBe(101);
      socket.destroy();
    }
    await expect.poll(async () => (await knock(bus, 'noisy')).status, { timeout: 10_000 }).toBe(101);
    expect(performance.now() - hold.sinceMs).toBeGreaterThanOrEqual(hold.retryAfterMs);
  },
);

test.for(listeners)('[PRT-7] [PRT-23] who was held off goes on as the client that it was (%s)', async (listener) => {
  const bus = busOn(listener);
  const { clientId, resumeToken } = await flood(bus, 'regretful');
  await expect.poll(async () => (await knock(bus, 'regretful')).status, { timeout: 10_000 }).toBe(101);
  const again = await connectJson({ port: bus.port, token: await bus.token({ user: 'regretful' }) });
  expect(again.clientId).not.toBe(clientId);
  const resumed = await again.must('resume', { resume_token: resumeToken, channels: {} });
  expect(resumed).toMatchObject({ client_id: clientId });
  again.end();
});

test("[PRT-23] [P-24] who comes back too early waits for the end of its hold, for four times the queue's time at most", async () => {
  const bus = await startBus({ ...settings, ARQONBUS_LIMITS_CONNECT_QUEUE_MS: '500' });
  const first = await flood(bus, 'eager');
  expect(first.retryAfterMs).toBe(HOLDS_MS[0]);
  const comesBack = await knock(bus, 'eager');
  expect(performance.now()).toBeGreaterThanOrEqual(first.sinceMs + first.retryAfterMs);
  expect(comesBack.status).toBe(101);
  comesBack.destroy();
  const second = await flood(bus, 'eager');
  expect(second.retryAfterMs).toBe(HOLDS_MS[1]);
  const cutMs = performance.now();
  const refused = await knock(bus, 'eager');
  expect(performance.now()).toBeGreaterThanOrEqual(cutMs + 2_000);
  expect(refused.status).toBe(429);
  await bus.stop();
});
