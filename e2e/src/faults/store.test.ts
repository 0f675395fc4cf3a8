import { shippedValkeyUsers, startValkeyServer } from '@arqonbus/testkit';
import type { ValkeyServer } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { report } from './harness/report.ts';

// What tenants keep, in Postgres behind Valkey, and the Omega lane, in Valkey alone, while the parts of it go.

let bus: FaultCluster;
let valkey: ValkeyServer;

beforeAll(async () => {
  const { users, env } = shippedValkeyUsers();
  valkey = await startValkeyServer({ users });
  const omega = {
    ARQONBUS_OMEGA_ENABLED: 'true',
    ARQONBUS_OMEGA_MAX_EVENTS: '10000',
    ARQONBUS_OMEGA_EVENTS_PER_MINUTE: '60000',
  };
  bus = await startFaultCluster({ ...env, ...omega, ARQONBUS_VALKEY_URL: valkey.url }, '', 'own');
  await bus.startBrain(2);
});

afterAll(async () => {
  await bus.stop();
  await valkey.stop();
});

const lastOf = ({ systems }: FollowedClient): unknown[] => {
  const last = systems.findLast(({ event }) => event === 'store');
  return [last?.['version'], last?.['value']];
};

/** Emits events in the Omega lane until it is stopped; gives the ids of those that were acknowledged. */
async function startEmitting(admin: FollowedClient): Promise<{ stop(): Promise<readonly unknown[]> }> {
  const { substrate_id: id } = await admin.must('op.omega.register_substrate', { name: 'lattice-7', kind: 'k' });
  const acknowledged: unknown[] = [];
  let isOver = false;
  const emitting = (async () => {
    while (!isOver) {
      const { code, payload } = await admin.command('op.omega.emit_event', { substrate_id: id, signal: 'pulse' });
      if (code === 'ok') acknowledged.push(payload['event_id']);
    }
  })();
  const stop = async (): Promise<readonly unknown[]> => {
    isOver = true;
    await emitting;
    return acknowledged;
  };
  return { stop };
}

/** The ids of all events that are listed, oldest first. */
async function listedEvents(admin: FollowedClient): Promise<readonly unknown[]> {
  const ids: unknown[] = [];
  for (let more = {}; ;) {
    const { items, cursor } = await admin.must('op.omega.list_events', { limit: 1_000, ...more });
    ids.push(...(items as readonly Readonly<Record<string, unknown>>[]).map((item) => item['event_id']));
    if (cursor === undefined) return ids.toReversed();
    more = { cursor };
  }
}

test('[STO-1] [OMG-1] [BRN-1] of three Brains one is killed while many count: nothing acknowledged is lost, and who watches ends up right', async () => {
  const watchers = [await bus.connect(0, { user: 'w0' }), await bus.connect(1, { user: 'w1' })];
  for (const watcher of watchers) await watcher.must('op.store.watch', { prefix: '' });
  const clients = await Promise.all([0, 1, 0, 1].map((shield, n) => bus.connect(shield, { user: `u${n}` })));
  const admin = await bus.connect(1, { user: 'root', role: 'admin' });
  const emitting = await startEmitting(admin);
  let [acknowledged, unknown] = [0, 0];
  let isOver = false;
  const count = async (client: FollowedClient): Promise<void> => {
    while (!isOver) {
      const { code } = await client.command('op.store.increment', { key: 'count' });
      if (code === 'ok') acknowledged += 1;
      else unknown += 1;
    }
  };
  const counting = Promise.all(clients.map(count));
  await expect.poll(() => acknowledged, { timeout: 20_000 }).toBeGreaterThan(40);
  await bus.brains[0]?.kill();
  const before = acknowledged;
  await expect.poll(() => acknowledged, { timeout: 20_000 }).toBeGreaterThan(before + 40);
  isOver = true;
  await counting;
  const emitted = await emitting.stop();
  const listed = new Set(await listedEvents(admin));
  expect(emitted.length).toBeGreaterThan(10);
  expect(emitted.filter((id) => !listed.has(id))).toEqual([]);
  const { value, version } = (await clients[0]?.must('op.store.get', { key: 'count' })) ?? {};
  report('store: a Brain killed', { acknowledged, unknown, value: Number(value) });
  expect(value).toBe(version);
  expect(Number(value)).toBeGreaterThanOrEqual(acknowledged);
  expect(Number(value)).toBeLessThanOrEqual(acknowledged + unknown);
  for (const watcher of watchers) {
    await expect.poll(() => lastOf(watcher), { timeout: 20_000 }).toEqual([version, value]);
    const versions = watcher.systems
      .filter(({ event }) => event === 'store')
      .map((change) => Number(change['version']));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  }
  for (const client of [...clients, ...watchers, admin]) client.end();
});

test('[STO-1] [ARC-5] without Valkey reads go on and changes wait; without Postgres what was read lately goes on', async () => {
  const [near, far] = [await bus.connect(0), await bus.connect(1, { user: 'bob' })];
  await near.must('op.store.set', { key: 'leader', value: 'near' });
  const hits = async (): Promise<number> => {
    await far.must('op.store.get', { key: 'leader' });
    const texts = await Promise.all(
      bus.brains.slice(1).map(async (brain) => (await fetch(`${brain.addresses()['http_url']}/metrics`)).text()),
    );
    const read = /^arqonbus_store_cache_reads_total\{result="hit"\} (\d+)$/m;
    return texts.reduce((sum, text) => sum + Number(read.exec(text)?.[1] ?? 0), 0);
  };
  await expect.poll(hits, { timeout: 10_000 }).toBeGreaterThan(0);
  await bus.postgres?.kill();
  const set = async (value: string): Promise<string> =>
    (await near.command('op.store.set', { key: 'leader', value })).code;
  expect(await set('away')).toBe('UNAVAILABLE');
  // The change that failed may still be made for all that is known, so its key is not read from a copy.
  expect((await far.command('op.store.get', { key: 'leader' })).code).toBe('UNAVAILABLE');
  await bus.postgres?.restart();
  await expect.poll(() => set('back'), { timeout: 20_000 }).toBe('ok');
  // Each Brain finds out for itself that Postgres is there again.
  const get = async (): Promise<unknown> => (await far.command('op.store.get', { key: 'leader' })).payload['value'];
  await expect.poll(get, { timeout: 20_000 }).toBe('back');
  await valkey.kill();
  await expect.poll(() => set('hidden'), { timeout: 10_000 }).toBe('UNAVAILABLE');
  const omega = async (): Promise<string> => (await near.command('op.omega.status')).code;
  await expect.poll(omega, { timeout: 10_000 }).toBe('UNAVAILABLE');
  await expect.poll(get, { timeout: 20_000 }).toBe('back');
  for (const client of [near, far]) client.end();
});
