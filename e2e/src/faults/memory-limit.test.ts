import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectJson } from '../harness/json-client.ts';
import type { JsonClient } from '../harness/json-client.ts';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { findRefused, numbersOf, startLoad, startPings } from './harness/load.ts';
import { report } from './harness/report.ts';
import { peakResidentBytes } from './harness/resident-bytes.ts';

const MIB = 1_048_576;
/** What a container may have, and what of it is for objects. */
const LIMIT_BYTES = 256 * MIB;
const HEAP_MIB = 128;
const [ROOMS, PER_ROOM] = [50, 4];
const PUBLISH_EVERY_MS = 100;
const PUBLICATIONS = 2_000;
/** Read nothing, while each is sent so much that what its Shield has of them would not fit, were it all kept. */
const NON_READERS = 20;
const LARGE = 'x'.repeat(49_152);
const LARGE_EVERY_MS = 8;
const FLOOD = 600;

let bus: FaultCluster;

beforeAll(async () => {
  bus = await startFaultCluster({
    NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`,
    ARQONBUS_LIMITS_MAX_FRAME_BYTES: '65536',
  });
});

afterAll(() => bus.stop());

async function openNonReader(n: number): Promise<JsonClient> {
  const token = await bus.token({ user: `mute-${n}` });
  const client = await connectJson({ port: bus.port(n % 2), token });
  await client.must('join_channel', { room: 'flood', channel: 'live' });
  client.socket.pause();
  return client;
}

test('[PRD-5] [LOG-11] L-07: in 256 MiB each, 200 clients get all of 500 publications a second while 20 others read nothing', async () => {
  const rooms: (readonly FollowedClient[])[] = [];
  for (let room = 0; room < ROOMS; room++) {
    const target = { room: `ward-${room}`, channel: 'live' };
    const members = await Promise.all(
      Array.from({ length: PER_ROOM }, (_, n) => bus.connect(n % 2, { user: `member-${room}-${n}` })),
    );
    for (const member of members) await member.must('join_channel', target);
    rooms.push(members);
  }
  const mute = await Promise.all(Array.from({ length: NON_READERS }, (_, n) => openNonReader(n)));
  const flooder = await bus.connect(0, { user: 'flooder' });
  await flooder.must('join_channel', { room: 'flood', channel: 'live' });
  const flood = startLoad(LARGE_EVERY_MS, () => flooder.publish('flood:live', LARGE));
  const body = 'x'.repeat(200);
  const loads = rooms.map(([writer], n) =>
    startLoad(PUBLISH_EVERY_MS, (k) => (writer as FollowedClient).publish(`ward-${n}:live`, `${k} ${body}`)),
  );
  const pace = startPings(flooder);
  const done = (): number => loads.reduce((sum, { outcomes }) => sum + outcomes.length, 0);
  await expect.poll(done, { timeout: 60_000 }).toBeGreaterThan(PUBLICATIONS);
  await expect.poll(() => flood.outcomes.length, { timeout: 60_000 }).toBeGreaterThan(FLOOD);
  const outcomes = await Promise.all(loads.map((load) => load.stop()));
  const pings = await pace.stop();
  const flooded = await flood.stop();

  const peaks = [...bus.shields, ...bus.brains].map(({ name, pid }) => [name, peakResidentBytes(pid) / MIB] as const);
  report('in 256 MiB', { ...Object.fromEntries(peaks), published: done(), 'flood frames': flooded.length });
  expect(peaks.filter(([, peak]) => peak > LIMIT_BYTES / MIB)).toEqual([]);
  expect([...bus.shields, ...bus.brains].every((service) => service.isRunning())).toBe(true);
  expect(findRefused(outcomes.flat(), pings)).toEqual([]);
  for (const [n, members] of rooms.entries()) {
    const expected = numbersOf(outcomes[n] ?? [], 'ok').map((k) => `${k} ${body}`);
    for (const reader of members.slice(1))
      await expect.poll(() => reader.events.map(({ payload }) => payload), { timeout: 20_000 }).toEqual(expected);
  }
  // Who reads nothing is given up, and nobody else.
  for (const shield of [0, 1]) {
    const slow = await bus.metric(shield, 'arqonbus_slow_consumers');
    expect(slow + (await bus.metric(shield, 'arqonbus_connections_closed_total{code="4409"}'))).toBe(NON_READERS / 2);
  }
  for (const client of mute) client.socket.destroy();
  for (const client of [...rooms.flat(), flooder]) client.end();
}, 120_000);
