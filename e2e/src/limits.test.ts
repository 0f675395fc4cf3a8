import { connectRaw, encodeClientFrame, opcodes } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { busOnEach, listeners } from './harness/both-listeners.ts';
import type { Frame, JsonClient } from './harness/json-client.ts';
import type { Bus } from './harness/start-bus.ts';

// The shipped limits of rates and subscriptions; those that a test would take long to reach are small.
const busOn = busOnEach({
  ARQONBUS_LIMITS_NEW_CONNECTIONS_PER_IP_BURST: '1000',
  ARQONBUS_LIMITS_MAX_FRAME_BYTES: '16384',
  ARQONBUS_LIMITS_BYTES_PER_SECOND: '20480',
});

/** Many frames in one write, so that they come within a moment. */
function sendAtOnce(client: JsonClient, frames: readonly object[]): void {
  client.socket.sendBytes(
    Buffer.concat(frames.map((frame) => encodeClientFrame(opcodes.text, Buffer.from(JSON.stringify(frame))))),
  );
}

function idOf(n: number): string {
  return `arq_limit-${String(n).padStart(6, '0')}`;
}

async function replies(client: JsonClient, count: number): Promise<Frame[]> {
  const list: Frame[] = [];
  while (list.length < count) list.push(await client.next(({ type }) => type === 'response' || type === 'error'));
  return list;
}

function expectRateLimited(refusals: readonly Frame[]): void {
  for (const { error_code: code, request_id: requestId, payload } of refusals) {
    expect([code, requestId]).toEqual(['RATE_LIMITED', expect.stringMatching(/^arq_limit-/)]);
    expect(payload).toEqual({ retry_after_ms: expect.any(Number) });
    expect(payload['retry_after_ms']).toBeGreaterThan(0);
  }
}

/** What a bucket of `perSecond` has got back at most since the call: a busy machine may need a while to read all frames. */
function refill(perSecond: number): () => number {
  const startMs = performance.now();
  return () => Math.ceil(((performance.now() - startMs) * perSecond) / 1_000);
}

function rateBlocks(bus: Bus, reason: string): Promise<number> {
  return bus.metric(`arqonbus_stage_blocks_total{reason="${reason}",stage="rate"}`);
}

test.for(listeners)('[PRT-23] 200 messages at once, then 100 a second (%s)', async (listener) => {
  const bus = busOn(listener);
  const client = await bus.connect({ user: 'hasty' });
  await client.must('join_channel', { room: 'rates', channel: 'messages' });
  const frames = Array.from({ length: 260 }, (_, n) => ({
    id: idOf(n),
    type: 'event',
    room: 'rates:messages',
    payload: n,
    ack: true,
  }));
  const refilled = refill(100);
  sendAtOnce(client, frames);
  const answers = await replies(client, 260);
  const refusals = answers.filter(({ type }) => type === 'error');
  // 199 of the burst are left after the join, and the bucket refills while the frames are read.
  expect(refusals.length).toBeGreaterThanOrEqual(61 - refilled());
  expect(refusals.length).toBeLessThanOrEqual(61);
  expectRateLimited(refusals);
  expect(refusals.every(({ request_id: id = '' }) => id >= idOf(199))).toBe(true);
  expect(await rateBlocks(bus, 'messages')).toBe(refusals.length);
  await expect.poll(() => client.publish('rates:messages', 'later')).toMatchObject({ status: 'success' });
  client.end();
});

test.for(listeners)('[PRT-23] bytes are counted beside messages (%s)', async (listener) => {
  const bus = busOn(listener);
  const client = await bus.connect({ user: 'bulky' });
  await client.must('join_channel', { room: 'rates', channel: 'bytes' });
  const payload = 'x'.repeat(6_000);
  sendAtOnce(
    client,
    [0, 1, 2, 3, 4].map((n) => ({ id: idOf(n), type: 'event', room: 'rates:bytes', payload, ack: true })),
  );
  const answers = await replies(client, 5);
  const refusals = answers.filter(({ type }) => type === 'error');
  expect(refusals.map(({ request_id: id }) => id)).toEqual([idOf(3), idOf(4)]);
  expectRateLimited(refusals);
  expect(await rateBlocks(bus, 'bytes')).toBe(2);
  client.end();
});

test.for(listeners)('[PRT-23] [P-24] 30 commands a second (%s)', async (listener) => {
  const bus = busOn(listener);
  const client = await bus.connect({ user: 'bossy' });
  const other = await bus.connect({ user: 'other' });
  const refilled = refill(30);
  sendAtOnce(
    client,
    Array.from({ length: 50 }, (_, n) => ({ id: idOf(n), type: 'command', command: 'ping' })),
  );
  expect(await other.must('ping')).toMatchObject({ pong: true });
  const answers = await replies(client, 50);
  const refusals = answers.filter(({ type }) => type === 'error');
  expect(refusals.length).toBeGreaterThanOrEqual(20 - refilled());
  expect(refusals.length).toBeLessThanOrEqual(20);
  expectRateLimited(refusals);
  expect(await bus.metric('arqonbus_commands_refused_total{code="RATE_LIMITED"}')).toBe(refusals.length);
  for (const each of [client, other]) each.end();
});

test.for(listeners)('[PRT-27] 100 refusals in ten seconds close 4429 (%s)', async (listener) => {
  const bus = busOn(listener);
  const client = await bus.connect({ user: 'stubborn' });
  sendAtOnce(
    client,
    Array.from({ length: 400 }, (_, n) => ({ id: idOf(n), type: 'event', room: 'a:b', payload: n })),
  );
  expect((await client.closed()).code).toBe(4429);
  await expect.poll(() => bus.metric('arqonbus_connections_closed_total{code="4429"}')).toBeGreaterThanOrEqual(1);
  const commander = await bus.connect({ user: 'commander' });
  sendAtOnce(
    commander,
    Array.from({ length: 180 }, (_, n) => ({ id: idOf(n), type: 'command', command: 'ping' })),
  );
  expect((await commander.closed()).code).toBe(4429);
});

test.for(listeners)(
  '[PRT-23] [P-17] control frames over 30 at once close 4429, fewer are answered (%s)',
  async (listener) => {
    const bus = busOn(listener);
    const client = await bus.connect({ user: 'pinger' });
    const pings = (count: number): Buffer =>
      Buffer.concat(Array.from({ length: count }, () => encodeClientFrame(opcodes.ping, Buffer.from('hi'))));
    client.socket.sendBytes(pings(20));
    for (let n = 0; n < 20; n++) {
      const pong = await client.socket.next(({ opcode }) => opcode === opcodes.pong);
      expect(pong.payload.toString()).toBe('hi');
    }
    client.socket.sendBytes(pings(60));
    expect((await client.closed()).code).toBe(4429);
  },
);

test.for(listeners)('[PRT-23] [L-01] 128 subscriptions, and one more when one is left (%s)', async (listener) => {
  const bus = busOn(listener);
  const client = await bus.connect({ user: 'collector' });
  for (let n = 0; n < 128; n++) {
    await expect
      .poll(() => client.command('join_channel', { room: 'many', channel: `c-${n}` }))
      .toMatchObject({ status: 'success' });
  }
  const one = { room: 'many', channel: 'c-128' };
  await expect.poll(() => client.command('join_channel', one)).toMatchObject({ error_code: 'QUOTA_EXCEEDED' });
  expect(await bus.metric('arqonbus_commands_refused_total{code="QUOTA_EXCEEDED"}')).toBeGreaterThanOrEqual(1);
  await expect
    .poll(() => client.command('join_channel', { room: 'many', channel: 'c-5', echo: true }))
    .toMatchObject({ status: 'success' });
  await expect
    .poll(() => client.command('leave_channel', { room: 'many', channel: 'c-0' }))
    .toMatchObject({ status: 'success' });
  await expect.poll(() => client.command('join_channel', one)).toMatchObject({ status: 'success' });
  client.end();
});

test.for(listeners)('[PRT-17] [PRT-23] a private message has 64 targets at most (%s)', async (listener) => {
  const client = await busOn(listener).connect({ user: 'spammer' });
  const to = Array.from({ length: 65 }, (_, n) => `user:u-${n}`);
  const refused = await client.publish('', 1, { type: 'private', room: undefined, to });
  expect(refused).toMatchObject({ error_code: 'VALIDATION_ERROR', payload: { errors: [{ field: 'to' }] } });
  const missing = await client.publish('', 1, { type: 'private', room: undefined, to: to.slice(1) });
  expect(missing).toMatchObject({ error_code: 'TARGET_NOT_FOUND' });
  client.end();
});

test.for(listeners)('[PRT-28] more than 64 fragments end the connection (%s)', async (listener) => {
  // The engine of uws bounds fragments by size only.
  const client = await busOn(listener).connect({ user: 'shredder' });
  const text = '{"type":"command","command":"ping","id":"arq_fragments-1"}';
  const pieces = (parts: readonly string[]): Buffer =>
    Buffer.concat(
      parts.map((part, n) =>
        encodeClientFrame(n === 0 ? opcodes.text : opcodes.continuation, Buffer.from(part), {
          fin: n === parts.length - 1,
        }),
      ),
    );
  client.socket.sendBytes(pieces(text.split('')));
  expect(await client.next(({ request_id: id }) => id === 'arq_fragments-1')).toMatchObject({ status: 'success' });
  client.socket.sendBytes(pieces([...' '.repeat(64), '{"type":"command","command":"ping","id":"arq_fragments-2"}']));
  const outcome = await Promise.race([
    client.next(({ request_id: id }) => id === 'arq_fragments-2').then(({ status }) => status),
    client.closed().then(({ code }) => code),
  ]).catch(() => client.closed().then(({ code }) => code));
  expect(outcome).toBe(listener === 'uws' ? 'success' : 1008);
  client.end();
});

test.for(listeners)('[P-13] a handshake with 20 KB of headers or a malformed key is refused (%s)', async (listener) => {
  const bus = busOn(listener);
  const token = await bus.token();
  const large = await connectRaw({
    port: bus.port,
    headers: { authorization: `Bearer ${token}`, cookie: 'c'.repeat(20_000) },
  });
  expect([0, 431]).toContain(large.status);
  for (const headers of [{ 'Sec-WebSocket-Key': 'short' }, { 'Sec-WebSocket-Key': undefined }]) {
    const socket = await connectRaw({ port: bus.port, headers: { authorization: `Bearer ${token}`, ...headers } });
    expect([400, 404, 426]).toContain(socket.status);
  }
  expect(await (await bus.connect({ user: 'after' })).must('ping')).toMatchObject({ pong: true });
});
