import { afterAll, beforeAll, expect, test } from 'vitest';
import { residentBytes } from '../faults/harness/resident-bytes.ts';
import { p99 } from '../faults/harness/load.ts';
import { report } from '../faults/harness/report.ts';
import type { JsonClient } from '../harness/json-client.ts';
import { roomyLimits } from '../harness/roomy-limits.ts';
import { startBus } from '../harness/start-bus.ts';
import type { Bus } from '../harness/start-bus.ts';
import { connectCountingReader } from './counting-reader.ts';
import type { CountingReader } from './counting-reader.ts';
import { pause } from './pause.ts';

const SLOW = 1_000;
const READERS = 50;
const MIB = 1_048_576;
/** What may wait for each, in the process; beyond it a sweep takes a client out of its topics, 50 ms later at most (LOG-11). */
const LIMIT_BYTES = 131_072;
/** The log of one process, and what it had not given back to the system before. */
const LOG_BYTES = 64 * MIB;
const AT_ONCE = 50;
const large = 'x'.repeat(32_768);
const EVERY_MS = 50;

let bus: Bus;

beforeAll(async () => {
  bus = await startBus({
    ...roomyLimits,
    ARQONBUS_TELEMETRY_LOG_LEVEL: 'error',
    ARQONBUS_LIMITS_OUTBOUND_BUFFER_BYTES: String(LIMIT_BYTES),
    ARQONBUS_LIMITS_MAX_FRAME_BYTES: '65536',
    ARQONBUS_LOG_RULES: JSON.stringify([
      { pattern: 'feed:*', profile: 'live' },
      { pattern: '*:*', profile: 'default' },
    ]),
  });
});

afterAll(() => bus.stop());

async function inTurn<T>(count: number, open: (n: number) => Promise<T>): Promise<readonly T[]> {
  const opened: T[] = [];
  while (opened.length < count) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, count - opened.length) }, (_, n) => opened.length + n);
    opened.push(...(await Promise.all(numbers.map(open))));
  }
  return opened;
}

async function openSlow(n: number): Promise<JsonClient> {
  const client = await bus.connect({ user: `slow-${n}` });
  for (const room of ['load:large', 'feed:large']) await client.must('join_channel', { room });
  client.socket.pause();
  return client;
}

test('[LOG-11] [PRD-3] R-30: of 1,000 clients that stop to read each costs its limit and no more, is counted and let go, and nobody else feels it', async () => {
  const token = await bus.token({ user: 'reader' });
  const readers: readonly CountingReader[] = await inTurn(READERS, () =>
    connectCountingReader(bus.port, token, 'load:large'),
  );
  const publisher = await bus.connect({ user: 'publisher' });
  for (const room of ['load:large', 'feed:large']) await publisher.must('join_channel', { room });
  const slow = await inTurn(SLOW, openSlow);
  const [pid = 0] = bus.pids;
  const before = residentBytes(pid);
  let most = before;
  let published = 0;
  const waitsMs: number[] = [];
  const isLetGo = async (): Promise<boolean> =>
    (await bus.metric('arqonbus_connections_closed_total{code="4409"}')) === SLOW;
  let slowAtOnce = 0;
  const startedAt = performance.now();
  while (!(await isLetGo()) && performance.now() - startedAt < 120_000) {
    const askedAt = performance.now();
    publisher.send({ type: 'event', room: 'feed:large', payload: large });
    await publisher.publish('load:large', large);
    waitsMs.push(performance.now() - askedAt);
    published += 1;
    most = Math.max(most, residentBytes(pid));
    slowAtOnce = Math.max(slowAtOnce, await bus.metric('arqonbus_slow_consumers'));
    await pause(askedAt + EVERY_MS - performance.now());
  }
  expect(await bus.metric('arqonbus_connections_closed_total{code="4409"}')).toBe(SLOW);
  await expect.poll(() => readers.every((reader) => reader.count() === published), { timeout: 20_000 }).toBe(true);
  expect(readers.every((reader) => reader.isGapless())).toBe(true);
  expect(await bus.metric('arqonbus_messages_shed_total{class="live"}')).toBeGreaterThan(SLOW);
  // Besides the limit: what topics wrote until the next look, the frame that went over it, and what keeps both.
  const budget = SLOW * (LIMIT_BYTES + 4 * large.length) * 1.5 + LOG_BYTES;
  expect(most - before).toBeLessThan(budget);
  report('1,000 slow consumers', {
    'slow at once': slowAtOnce,
    published,
    'grown MiB': (most - before) / MIB,
    'budget MiB': budget / MIB,
    'publish p99 ms': p99(waitsMs),
    shed: await bus.metric('arqonbus_messages_shed_total{class="live"}'),
  });
  for (const client of [publisher, ...slow, ...readers]) client.end();
}, 300_000);
