import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { busOnEach, listeners } from './harness/both-listeners.ts';
import type { JsonClient } from './harness/json-client.ts';
import { publishMany, readUpTo, upTo } from './harness/numbered-events.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { expectCutWhoNeverReads, isSlow } from './harness/slow-consumer.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

const KIB = 1_024;
const MIB = 1_048_576;

const profile = { class: 'history', max_messages: 100_000, max_age_ms: 3_600_000, max_bytes: 64 * MIB };
const rules = [
  { pattern: 'live:*', profile: 'live' },
  { pattern: '*:*', profile: 'long' },
];
const settings = {
  ...roomyLimits,
  ARQONBUS_LIMITS_SLOW_CONSUMER_TIMEOUT_MS: '60000',
  ARQONBUS_LOG_PROFILES: JSON.stringify({ long: profile }),
  ARQONBUS_LOG_RULES: JSON.stringify(rules),
};
const busOn = busOnEach(settings);

/** Of all processes that serve clients, so that it does not matter which of them has the slow one. */
function rssBytes(bus: Bus): number {
  return bus.pids.reduce((sum, pid) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return sum + Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * KIB;
  }, 0);
}

async function connectMany(bus: Bus, count: number, target: object): Promise<JsonClient[]> {
  const clients = await Promise.all(Array.from({ length: count }, (_, n) => bus.connect({ user: `reader-${n}` })));
  await Promise.all(clients.map((client) => client.must('join_channel', target)));
  return clients;
}

const WARM_UP = 1_000;

test.for(listeners)('[LOG-11] one stuck reader among 50 hurts nobody (%s)', { timeout: 60_000 }, async (listener) => {
  const bus = busOn(listener);
  const target = { room: 'busy', channel: 'all' };
  const [publisher, stuck] = await Promise.all([bus.connect({ user: 'publisher' }), bus.connect({ user: 'stuck' })]);
  for (const client of [publisher, stuck]) await client.must('join_channel', target);
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
  stuck.socket.resume();
  await expect.poll(() => isSlow(bus), { timeout: 10_000 }).toBe(false);
  await publishMany(publisher, 'busy:all', count, 1);
  const { notices } = await readUpTo(stuck, count);
  expect(notices[0]).toMatchObject({ event: 'lagging', ...target });
  for (const client of [publisher, stuck, ...others]) client.end();
});

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
    // So that the heap is as large as this traffic makes it before the stuck reader comes: Node 24 lets it grow for longer.
    await publishMany(publisher, 'live:feed', 0, WARM_UP, async (last) => {
      await Promise.all([readUpTo(other, last), readUpTo(stuck, last)]);
    });
    stuck.socket.pause();
    const base = rssBytes(bus);
    let peak = base;
    const count = 4_000;
    let read = 0;
    await publishMany(publisher, 'live:feed', 0, count, async (last) => {
      read += (await readUpTo(other, last)).numbers.length;
      if (read % 400 === 0) peak = Math.max(peak, rssBytes(bus));
    });
    expect(read).toBe(count);
    // 62 MiB went by; what the sockets' buffers in the kernel hold is not in this figure.
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
    // 45 MiB of answers.
    await expectCutWhoNeverReads(bus, await bus.connect({ user: 'greedy' }), { command: 'help' }, 5_000);
  },
);
