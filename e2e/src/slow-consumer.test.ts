import { readFileSync } from 'node:fs';
import { waitUntil } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { askAll } from './harness/ask-all.ts';
import { busOnEach, listeners } from './harness/both-listeners.ts';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

const KIB = 1_024;
const MIB = 1_048_576;
const HOUR_MS = 3_600_000;

const profiles = {
  long: { class: 'history', max_messages: 100_000, max_age_ms: HOUR_MS, max_bytes: 64 * MIB },
  short: { class: 'history', max_messages: 20, max_age_ms: HOUR_MS, max_bytes: 64 * MIB },
};
const rules = [
  { pattern: 'live:*', profile: 'live' },
  { pattern: 'short:*', profile: 'short' },
  { pattern: '*:*', profile: 'long' },
];
const settings = {
  ...roomyLimits,
  ARQONBUS_LIMITS_SLOW_CONSUMER_TIMEOUT_MS: '60000',
  ARQONBUS_LOG_PROFILES: JSON.stringify(profiles),
  ARQONBUS_LOG_RULES: JSON.stringify(rules),
};
const busOn = busOnEach(settings);

const PAYLOAD_BYTES = 16 * KIB;
const text = 'x'.repeat(PAYLOAD_BYTES);

/** Few at a time: what is under test is one slow reader, not a flood that nobody can read. */
const WINDOW = 8;

/** Publishes numbered payloads; gives back when all are acknowledged. `onWindow` hears the last number of every few. */
async function publishMany(
  publisher: JsonClient,
  target: string,
  from: number,
  count: number,
  onWindow: (last: number) => Promise<void> = async () => {},
): Promise<void> {
  for (let n = from; n < from + count; n += WINDOW) {
    const numbers = Array.from({ length: Math.min(WINDOW, from + count - n) }, (_, k) => n + k);
    const frames = numbers.map((number) => ({ type: 'event', room: target, payload: { number, text }, ack: true }));
    for (const { status } of await askAll(publisher, frames)) expect(status).toBe('success');
    await onWindow(numbers.at(-1) ?? n);
  }
}

function numberOf({ payload }: Frame): number {
  return Number(payload['number']);
}

/** Reads events up to the one with this number; gives all numbers and the notices in between, in order. */
async function readUpTo(client: JsonClient, last: number): Promise<{ numbers: number[]; notices: Frame['payload'][] }> {
  const numbers: number[] = [];
  const notices: Frame['payload'][] = [];
  while (numbers.at(-1) !== last) {
    const frame = await client.next(({ type }) => type === 'event' || type === 'system', 10_000);
    if (frame.type === 'event') numbers.push(numberOf(frame));
    else notices.push(frame.payload);
  }
  return { numbers, notices };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

function rssBytes(bus: Bus): number {
  const status = readFileSync(`/proc/${bus.pids[0]}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * KIB;
}

async function isSlow(bus: Bus): Promise<boolean> {
  return (await bus.metric('arqonbus_slow_consumers')) > 0;
}

async function connectMany(bus: Bus, count: number, target: object): Promise<JsonClient[]> {
  const clients = await Promise.all(Array.from({ length: count }, (_, n) => bus.connect({ user: `reader-${n}` })));
  await Promise.all(clients.map((client) => client.must('join_channel', target)));
  return clients;
}

test.for(listeners)(
  '[LOG-11] one stuck reader among 50 hurts nobody, and gets all that it missed (%s)',
  { timeout: 60_000 },
  async (listener) => {
    const bus = busOn(listener);
    const target = { room: 'busy', channel: 'all' };
    const [publisher, stuck] = await Promise.all([bus.connect({ user: 'publisher' }), bus.connect({ user: 'stuck' })]);
    await publisher.must('join_channel', target);
    const { epoch } = await stuck.must('join_channel', target);
    const others = await connectMany(bus, 50, target);
    stuck.socket.pause();
    const count = 600;
    let expected = 0;
    await publishMany(publisher, 'busy:all', 0, count, async (last) => {
      const window = upTo(last + 1).slice(expected);
      for (const seen of await Promise.all(others.map((other) => readUpTo(other, last)))) {
        expect(seen).toEqual({ numbers: window, notices: [] });
      }
      expected = last + 1;
    });
    await expect.poll(() => isSlow(bus), { timeout: 10_000 }).toBe(true);
    for (const other of others) other.end();

    // While it catches up there is more: what is live must not overtake what was missed.
    stuck.socket.resume();
    await publishMany(publisher, 'busy:all', count, 100);
    const { numbers, notices } = await readUpTo(stuck, count + 99);
    expect(numbers).toEqual(upTo(count + 100));
    expect(notices.length).toBeGreaterThanOrEqual(1);
    for (const notice of notices)
      expect(notice).toEqual({ event: 'lagging', ...target, epoch, seq: expect.any(Number) });
    await expect.poll(() => isSlow(bus), { timeout: 10_000 }).toBe(false);
    for (const client of [publisher, stuck]) client.end();
  },
);

test.for(listeners)(
  '[LOG-11] on a live channel the memory stays flat, and what was shed is counted (%s)',
  { timeout: 60_000 },
  async (listener) => {
    const bus = busOn(listener);
    const target = { room: 'live', channel: 'feed' };
    const [publisher, stuck, other] = await Promise.all(
      ['publisher', 'stuck', 'other'].map((user) => bus.connect({ user })),
    );
    if (publisher === undefined || stuck === undefined || other === undefined) throw new Error('not connected');
    for (const client of [publisher, stuck, other]) await client.must('join_channel', target);
    await publishMany(publisher, 'live:feed', 0, 200);
    await readUpTo(other, 199);
    await readUpTo(stuck, 199);
    stuck.socket.pause();
    const base = rssBytes(bus);
    let peak = base;
    const count = 6_000;
    let read = 0;
    await publishMany(publisher, 'live:feed', 0, count, async (last) => {
      read += (await readUpTo(other, last)).numbers.length;
      if (read % 400 === 0) peak = Math.max(peak, rssBytes(bus));
    });
    expect(read).toBe(count);
    // 94 MiB went by; what the sockets' buffers in the kernel hold is not in this figure.
    expect(peak - base).toBeLessThan(40 * MIB);
    const shedBefore = await bus.metric('arqonbus_messages_shed_total{class="live"}');
    stuck.socket.resume();
    await expect.poll(() => isSlow(bus), { timeout: 10_000 }).toBe(false);
    await publishMany(publisher, 'live:feed', count, 1);
    const { numbers, notices } = await readUpTo(stuck, count);
    expect(numbers).toEqual([...numbers].toSorted((a, b) => a - b));
    const shed = notices.reduce((sum, notice) => sum + Number(notice['shed']), 0);
    expect(notices[0]).toEqual({ event: 'lagging', ...target, shed: expect.any(Number) });
    expect(shed).toBeGreaterThan(0);
    expect(numbers.length + shed).toBe(count + 1);
    expect((await bus.metric('arqonbus_messages_shed_total{class="live"}')) - shedBefore).toBe(shed);
    for (const client of [publisher, stuck, other]) client.end();
  },
);

test.for(listeners)('[LOG-11] past the retention the hole is told (%s)', { timeout: 60_000 }, async (listener) => {
  const bus = busOn(listener);
  const target = { room: 'short', channel: 'memory' };
  const [publisher, stuck] = await Promise.all([bus.connect({ user: 'publisher' }), bus.connect({ user: 'stuck' })]);
  for (const client of [publisher, stuck]) await client.must('join_channel', target);
  stuck.socket.pause();
  const count = 800;
  await publishMany(publisher, 'short:memory', 0, count);
  await expect.poll(() => isSlow(bus), { timeout: 10_000 }).toBe(true);
  stuck.socket.resume();
  await expect.poll(() => isSlow(bus), { timeout: 10_000 }).toBe(false);
  await publishMany(publisher, 'short:memory', count, 5);
  const { numbers, notices } = await readUpTo(stuck, count + 4);
  expect(numbers.length).toBeLessThan(count);
  expect(numbers.slice(-5)).toEqual([count, count + 1, count + 2, count + 3, count + 4]);
  const hole = notices.find((notice) => notice['recovered'] === false);
  expect(hole).toMatchObject({
    event: 'lagging',
    ...target,
    reason: 'trimmed',
    epoch: expect.any(String),
    seq: expect.any(Number),
  });
  for (const client of [publisher, stuck]) client.end();
});

test.for(listeners)(
  '[LOG-11] who stays stuck is cut, and others are not (%s)',
  { timeout: 60_000 },
  async (listener) => {
    const bus = await startBus({
      ...settings,
      ARQONBUS_LIMITS_SLOW_CONSUMER_TIMEOUT_MS: '700',
      ARQONBUS_SERVER_LISTENER: listener,
    });
    const target = { room: 'cut', channel: 'off' };
    const [publisher, stuck, other] = await Promise.all(
      ['publisher', 'stuck', 'other'].map((user) => bus.connect({ user })),
    );
    if (publisher === undefined || stuck === undefined || other === undefined) throw new Error('not connected');
    for (const client of [publisher, stuck, other]) await client.must('join_channel', target);
    stuck.socket.pause();
    await publishMany(publisher, 'cut:off', 0, 500);
    await expect.poll(() => bus.metric('arqonbus_connections_closed_total{code="4409"}'), { timeout: 10_000 }).toBe(1);
    await expect.poll(() => isSlow(bus)).toBe(false);
    stuck.socket.resume();
    const { code } = await stuck.closed();
    expect([4409, 1006]).toContain(code);
    expect((await readUpTo(other, 499)).numbers).toEqual(upTo(500));
    for (const client of [publisher, other]) client.end();
    await bus.stop();
  },
);

test.for(listeners)(
  '[LOG-11] a client that asks and asks and never reads is cut at once (%s)',
  { timeout: 60_000 },
  async (listener) => {
    const bus = busOn(listener);
    const client = await bus.connect({ user: 'greedy' });
    const target = { room: 'greedy', channel: 'log' };
    await client.must('join_channel', target);
    await publishMany(client, 'greedy:log', 0, 15);
    client.socket.pause();
    const closed = await bus.metric('arqonbus_connections_closed_total{code="4409"}');
    for (let n = 0; n < 200; n++) client.send({ type: 'command', command: 'history', args: { ...target, limit: 15 } });
    await expect
      .poll(() => bus.metric('arqonbus_connections_closed_total{code="4409"}'), { timeout: 10_000 })
      .toBe(closed + 1);
    client.socket.resume();
    await waitUntil(() => client.socket.isClosed(), { what: 'the end of the connection', timeoutMs: 10_000 });
  },
);
