import { afterAll, beforeAll, expect, test } from 'vitest';
import { residentBytes } from '../faults/harness/resident-bytes.ts';
import { roomyLimits } from '../harness/roomy-limits.ts';
import { startBus } from '../harness/start-bus.ts';
import type { Bus } from '../harness/start-bus.ts';
import { connectCountingReader } from './counting-reader.ts';
import type { CountingReader } from './counting-reader.ts';
import { pause } from './pause.ts';

// The test of LOG-11 at its full length: one stuck reader among 1,000, 60 s of load.
const READERS = 999;
const SECONDS = 60;
const PER_SECOND = 25;
const MIB = 1_048_576;
const small = 'x'.repeat(1_024);
const large = 'x'.repeat(16_384);

let bus: Bus;

beforeAll(async () => {
  bus = await startBus({ ...roomyLimits, ARQONBUS_TELEMETRY_LOG_LEVEL: 'error' });
});

afterAll(() => bus.stop());

test('[LOG-11] a stuck reader among 1,000 costs the others nothing and the server no memory, and is told', async () => {
  const token = await bus.token({ user: 'reader' });
  const readers: CountingReader[] = [];
  while (readers.length < READERS) {
    const some = Array.from({ length: 50 }, () => connectCountingReader(bus.port, token, 'load:small'));
    readers.push(...(await Promise.all(some)));
  }
  const publisher = await bus.connect({ user: 'publisher' });
  const stuck = await bus.connect({ user: 'stuck' });
  for (const client of [publisher, stuck]) await client.must('join_channel', { room: 'load:small' });
  for (const client of [publisher, stuck]) await client.must('join_channel', { room: 'load:large' });
  const { epoch, seq } = await publisher.must('join_channel', { room: 'load:large' });
  const [pid = 0] = bus.pids;
  const before = residentBytes(pid);
  stuck.socket.pause();

  const memory: number[] = [];
  for (let second = 0; second < SECONDS; second++) {
    const until = performance.now() + 1_000;
    for (let n = 0; n < PER_SECOND; n++) {
      publisher.send({ type: 'event', room: 'load:large', payload: large });
      await publisher.publish('load:small', small);
      await pause((until - performance.now()) / (PER_SECOND - n));
    }
    memory.push(residentBytes(pid));
  }

  const published = SECONDS * PER_SECOND;
  await expect.poll(() => readers.every((reader) => reader.count() === published), { timeout: 10_000 }).toBe(true);
  expect(readers.every((reader) => reader.isGapless())).toBe(true);
  expect(await bus.metric('arqonbus_connections_closed_total{code="4409"}')).toBe(1);
  // The log fills up to its bound meanwhile; beyond that, nothing grows.
  expect(Math.max(...memory.slice(SECONDS / 2)) - Math.max(...memory.slice(0, SECONDS / 2))).toBeLessThan(16 * MIB);
  process.stdout.write(`server memory: ${toMib(before)} MiB before, ${toMib(Math.max(...memory))} MiB at most\n`);
  const back = await bus.connect({ user: 'stuck' });
  const told = await back.must('join_channel', { room: 'load:large', from: { epoch, seq } });
  expect(told).toMatchObject({ recovered: false, reason: 'trimmed' });
  for (const client of [publisher, stuck, back, ...readers]) client.end();
});

function toMib(bytes: number): number {
  return Math.round(bytes / MIB);
}
