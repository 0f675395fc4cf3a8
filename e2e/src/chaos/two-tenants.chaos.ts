import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from '../faults/harness/fault-cluster.ts';
import type { FaultCluster } from '../faults/harness/fault-cluster.ts';
import { followTelemetry } from '../faults/harness/follow-telemetry.ts';
import type { Answer, FollowedClient } from '../faults/harness/followed-client.ts';
import { report } from '../faults/harness/report.ts';
import { SHARED, TENANT_RULES, leaveTraces, readEverything } from '../faults/harness/tenant-traces.ts';
import { createByteSearch } from './byte-search.ts';
import { connectCountingReader } from './counting-reader.ts';
import type { CountingReader } from './counting-reader.ts';

// T-04 at its full size: a million deliveries to two tenants with equal names, while everything is read all the time.
const DELIVERIES = 1_000_000;
const READERS = 50;
const AT_ONCE = 8;
const READ_EVERY_MS = 500;
const TRACES = 300;
const MIB = 1_048_576;

const tenants = [
  { name: 'acme', own: 'kanari-7f31c9', foreign: 'kanari-b2e840' },
  { name: 'rival', own: 'kanari-b2e840', foreign: 'kanari-7f31c9' },
] as const;

type Tenant = (typeof tenants)[number];

let bus: FaultCluster;

beforeAll(async () => {
  bus = await startFaultCluster({ ...TENANT_RULES, ARQONBUS_TELEMETRY_LOG_LEVEL: 'debug' });
}, 60_000);

afterAll(() => bus.stop(), 60_000);

interface Audience {
  readonly readers: readonly CountingReader[];
  foreignSeen(): number;
  bytes(): number;
}

/** Readers of the tenant on both Shields, half of them in the channel with a log, which look through every byte. */
async function gather({ name, foreign }: Tenant): Promise<Audience> {
  const token = await bus.token({ tenant: name, user: 'reader' });
  const searches = Array.from({ length: READERS * 2 }, () => createByteSearch(foreign));
  const readers: CountingReader[] = [];
  for (const [n, search] of searches.entries()) {
    const target = n % 4 < 2 ? 'shared:talk' : 'shared:kept';
    readers.push(await connectCountingReader(bus.port(n % 2), token, target, search.look));
  }
  return {
    readers,
    foreignSeen: () => searches.reduce((sum, search) => sum + search.found(), 0),
    bytes: () => searches.reduce((sum, search) => sum + search.bytes(), 0),
  };
}

async function connectCast({ name }: Tenant): Promise<readonly [FollowedClient, FollowedClient]> {
  const cast = [
    await bus.connect(0, { tenant: name, user: 'alice', role: 'admin' }),
    await bus.connect(1, { tenant: name, user: 'alice', role: 'admin' }),
  ] as const;
  for (const client of cast) for (const target of [SHARED.talk, SHARED.kept]) await client.must('join_channel', target);
  return cast;
}

/** Publishes the tenant's canary, one in eight to the channel with a log; each comes to half of the tenant's readers. */
async function publishAll({ own }: Tenant, [near, far]: readonly [FollowedClient, FollowedClient]): Promise<void> {
  let left = DELIVERIES / tenants.length / READERS;
  const publish = async (n: number): Promise<void> => {
    while (left-- > 0) {
      const [client, channel] = [n % 2 === 0 ? near : far, left % 8 === 0 ? 'kept' : 'talk'];
      const more = { id: `arq_canary-${String(left).padStart(8, '0')}`, metadata: { note: own } };
      const send = (): Promise<Answer> => client.publish(`shared:${channel}`, `${own} ${left}`, more);
      let answer = await send();
      // The machine is as busy as it can be: what timed out is sent again under its id.
      while (answer.code === 'TIMEOUT') answer = await send();
      expect(answer.code).toBe('ok');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => publish(n)));
}

/** Reads through every path until the work is done; gives how often the foreign canary was in what came. */
async function readMeanwhile(
  { name, foreign }: Tenant,
  work: Promise<unknown>,
): Promise<{ rounds: number; seen: number }> {
  let isOn = true;
  void work.finally(() => (isOn = false)).catch(() => undefined);
  let [rounds, seen] = [0, 0];
  while (isOn) {
    const reader = await bus.connect(rounds % 2, { tenant: name, user: 'prober', role: 'admin' });
    await readEverything(reader, foreign);
    // What it asked for holds the name it asked with nowhere: the bus repeats nothing.
    if (JSON.stringify([reader.frames, reader.welcome]).includes(foreign)) seen += 1;
    reader.end();
    rounds += 1;
    await pause(READ_EVERY_MS);
  }
  return { rounds, seen };
}

test('[PRD-4] [AUT-4] T-04: of a million deliveries to two tenants with equal names, none holds a byte of the other', async () => {
  const audiences = await Promise.all(tenants.map(gather));
  const casts = await Promise.all(tenants.map(connectCast));
  const watchers = await Promise.all(
    tenants.map(async ({ name }) => Promise.all([0, 1].map((shield) => followTelemetry(bus, shield, name)))),
  );
  const startedAt = performance.now();
  const work = Promise.all(
    tenants.map(async (tenant, index) => {
      const cast = casts[index] as readonly [FollowedClient, FollowedClient];
      await leaveTraces(tenant.own, cast, TRACES);
      await publishAll(tenant, cast);
    }),
  );
  const readings = await Promise.all(tenants.map((tenant) => readMeanwhile(tenant, work)));
  await work;
  const counted = (): number => audiences.flatMap(({ readers }) => readers).reduce((sum, one) => sum + one.count(), 0);
  await expect.poll(counted, { timeout: 30_000 }).toBeGreaterThanOrEqual(DELIVERIES);
  const seconds = (performance.now() - startedAt) / 1_000;

  expect(audiences.map(({ foreignSeen }) => foreignSeen())).toEqual([0, 0]);
  expect(readings.map(({ seen }) => seen)).toEqual([0, 0]);
  for (const [index, { own, foreign }] of tenants.entries()) {
    const seen = JSON.stringify([
      casts[index]?.map(({ frames }) => frames),
      watchers[index]?.map(({ texts }) => texts),
    ]);
    expect([seen.includes(own), seen.includes(foreign)]).toEqual([true, false]);
  }
  const outputs = (await Promise.all([0, 1].map((shield) => bus.metrics(shield)))).join('');
  const logs = [...bus.shields, ...bus.brains].map((service) => service.log()).join('');
  for (const { own } of tenants) expect([outputs.includes(own), logs.includes(own)]).toEqual([false, false]);
  report('two tenants, a million deliveries', {
    deliveries: counted(),
    seconds,
    'MiB searched': audiences.reduce((sum, { bytes }) => sum + bytes(), 0) / MIB,
    'rounds of reading': readings.reduce((sum, { rounds }) => sum + rounds, 0),
    'foreign canaries': 0,
  });
  for (const client of [...casts.flat(), ...watchers.flat(), ...audiences.flatMap(({ readers }) => readers)])
    client.end();
});

/** The rhythm of the load, not a wait for anything. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
