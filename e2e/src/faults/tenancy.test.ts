import { connectRaw, welchT, withoutOutliers } from '@arqonbus/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connectProto, jsonBytes, payloadOf } from '../harness/proto-client.ts';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { Answer, FollowedClient } from './harness/followed-client.ts';
import { followTelemetry } from './harness/follow-telemetry.ts';
import { report } from './harness/report.ts';
import { SHARED, TENANT_RULES, isDelivery, leaveTraces, readEverything } from './harness/tenant-traces.ts';

// Two tenants with the same names for everything, on two Shields. One process and names that the border refuses are
// shown elsewhere (tenants, bad-input, telemetry-stream, wire-formats); here is what only a cluster can leak.
const { talk, kept } = SHARED;
const ROUNDS = 300;

let bus: FaultCluster;
let clients: FollowedClient[] = [];

beforeAll(async () => {
  bus = await startFaultCluster(TENANT_RULES);
});

afterEach(async () => {
  for (const client of clients) client.end();
  clients = [];
  await untilEmpty();
});

afterAll(() => bus.stop());

async function untilEmpty(): Promise<void> {
  await expect.poll(async () => bus.metric(0, 'arqonbus_connections')).toBe(0);
}

async function connect(shield: number, tenant: string, user: string, role: 'user' | 'admin' = 'user') {
  const client = await bus.connect(shield, { tenant, user, role });
  clients.push(client);
  return client;
}

test('[PRD-4] [AUT-4] T-04: no byte of a tenant is in anything that the other one is sent, asks for or watches', async () => {
  const canaries = { acme: 'kanari-7f31c9', rival: 'kanari-b2e840' } as const;
  const tenants = ['acme', 'rival'] as const;
  const casts = new Map<string, readonly [FollowedClient, FollowedClient]>();
  for (const tenant of tenants) {
    const cast = [await connect(0, tenant, 'alice', 'admin'), await connect(1, tenant, 'alice', 'admin')] as const;
    for (const client of cast)
      for (const target of [talk, kept, { ...talk, channel: '*' }]) await client.must('join_channel', target);
    for (const client of cast) await client.must('join_channel', { room: 'integriguard', channel: 'telemetry-stream' });
    casts.set(tenant, cast);
  }
  const watchers = await Promise.all(
    tenants.map(async (tenant) => Promise.all([0, 1].map((shield) => followTelemetry(bus, shield, tenant)))),
  );
  const leaving = [...casts].map(([tenant, cast]) => leaveTraces(canaries[tenant as 'acme' | 'rival'], cast, ROUNDS));
  await Promise.all(leaving);
  let deliveries = 0;
  for (const [index, tenant] of tenants.entries()) {
    const [own, foreign] = [canaries[tenant], canaries[tenants[1 - index] ?? 'acme']];
    const cast = casts.get(tenant) ?? [];
    const asked = await Promise.all(cast.map((client) => readEverything(client, foreign)));
    const seen = JSON.stringify([
      cast.map(({ frames, welcome }) => [frames, welcome]),
      watchers[index]?.map((w) => w.texts),
    ]);
    expect(seen).toContain(own);
    expect(seen).not.toContain(foreign);
    // What the log gives was really asked for: history, and recovery from the beginning.
    for (const answers of asked)
      expect(answers).toContainEqual(
        expect.objectContaining({ payload: expect.objectContaining({ recovered: true }) }),
      );
    const codes = asked.flat().filter(({ payload, error }) => JSON.stringify([payload, error]).includes(foreign));
    expect(codes).toEqual([]);
    const refused = await Promise.all([0, 1].map((shield) => bus.knock(shield, { tenant, user: `${foreign}-gone` })));
    expect(refused.map(({ status }) => status)).toEqual([101, 101]);
    for (const socket of refused) socket.destroy();
    deliveries += cast.reduce((sum, { frames }) => sum + frames.filter(isDelivery).length, 0);
  }
  for (const shield of [0, 1]) {
    const labels = await bus.metrics(shield);
    for (const canary of Object.values(canaries)) expect(labels).not.toContain(canary);
    for (const tenant of tenants) expect(labels).not.toMatch(new RegExp(`\\b${tenant}\\b`));
    for (const canary of Object.values(canaries)) expect(bus.shields[shield]?.log()).not.toContain(canary);
  }
  for (const watcher of watchers.flat()) watcher.end();
  report('two tenants with the same names', { deliveries });
  expect(deliveries).toBeGreaterThan(ROUNDS * 2 * 4);
});

test('[AUT-4] T-07: headers, hosts and cookies name no tenant, and names that differ in case are two tenants', async () => {
  const token = await bus.token({ tenant: 'rival', user: 'eve', role: 'admin' });
  const witness = await connect(1, 'acme', 'alice');
  await witness.must('join_channel', talk);
  for (const [name, value] of [
    ['X-Tenant-Id', 'acme'],
    ['X-Tenant', 'acme'],
    ['Tenant-Id', 'acme'],
    ['Cookie', 'tenant=acme; tenant_id=acme'],
    ['Host', 'acme.bus.example.org'],
    ['Origin', 'https://acme.example.org'],
  ] as const) {
    const socket = await connectRaw({
      port: bus.port(0),
      headers: { authorization: `Bearer ${token}`, [name]: value },
      protocols: ['arqon.v1.json'],
    });
    const welcome = socket.status === 101 ? (await socket.nextFrame()).payload.toString('utf8') : '"tenant":"rival"';
    expect([name, welcome]).toEqual([name, expect.stringContaining('"tenant":"rival"')]);
    socket.destroy();
  }
  const [upper, boss] = [await connect(0, 'ACME', 'alice'), await connect(0, 'ACME', 'boss', 'admin')];
  await upper.must('join_channel', talk);
  expect((await upper.publish('shared:talk', 'loud')).code).toBe('ok');
  expect((await upper.ask({ type: 'private', to: witness.clientId, payload: 1, ack: true })).code).toBe(
    'TARGET_NOT_FOUND',
  );
  expect(await boss.must('op.session.disconnect', { user: 'alice', ban_for_ms: 60_000 })).toEqual({ disconnected: 1 });
  expect((await upper.closed).code).toBe(4403);
  await witness.must('ping');
  expect([witness.events, witness.isClosed()]).toEqual([[], false]);
});

test('[SPN-1] T-06 T-09: headers that mean something to the Spine are carried or dropped, and obeyed by nobody', async () => {
  const [token, far] = [
    await bus.token({ user: 'paul' }),
    await connectProto({ port: bus.port(1), token: await bus.token() }),
  ];
  const near = await connectProto({ port: bus.port(0), token });
  for (const client of [near, far]) await client.join('shared', 'forged');
  const orders = {
    'Nats-Msg-Id': 'the-same',
    'Nats-Rollup': 'all',
    'Nats-Expected-Last-Sequence': '999999',
    'Nats-Expected-Stream': 'KV_ARQON_BANS',
    'Nats-TTL': '1s',
    'Nats-Trace-Dest': 'arqon.out.acme._tenant',
    'Nats-Service-Error-Code': '500',
    Status: '503',
    'reply-to': 'arqon.audit.acme',
  };
  const forged = { room: 'shared', channel: 'forged', headers: orders, ack: true };
  for (const n of [1, 2, 3]) {
    const reply = await near.ask({ ...forged, type: 'event', payload: jsonBytes(n), signature: new Uint8Array(64) });
    expect(reply.status).toBe('success');
    const seen = await far.next(({ type }) => type === 'event');
    expect([payloadOf(seen), seen.sender, seen.seq]).toEqual([n, near.clientId, 0]);
  }
  await far.ask({ type: 'command', command: 'ping' });
  expect(far.socket.pending()).toBe(0);
  for (const client of [near, far]) client.end();
});

test('[PRD-4] T-16: what another tenant has is answered like what nobody has, and as fast', async () => {
  const [owner, eve] = [await connect(1, 'acme', 'alice', 'admin'), await connect(0, 'rival', 'eve', 'admin')];
  await owner.must('join_channel', { room: 'hidden', channel: 'room' });
  await owner.must('op.session.disconnect', { user: 'exile', ban_for_ms: 600_000 });
  const missing = `${owner.clientId.slice(0, -4)}ZZZZ`;
  const pairs: readonly (readonly [string, object, object])[] = [
    ['channel_info', { room: 'hidden', channel: 'room' }, { room: 'absent', channel: 'room' }],
    ['list_channels', { room: 'hidden' }, { room: 'absent' }],
    ['delete_channel', { room: 'hidden', channel: 'room' }, { room: 'absent', channel: 'room' }],
    ['leave_channel', { room: 'hidden', channel: 'room' }, { room: 'absent', channel: 'room' }],
    ['op.session.disconnect', { client_id: owner.clientId }, { client_id: missing }],
    ['op.ban.lift', { user: 'exile' }, { user: 'nobody' }],
  ];
  const shown = ({ code, error, payload }: Answer): unknown => [code, error, Object.keys(payload)];
  for (const [name, foreign, absent] of pairs) {
    const answers = [await eve.command(name, foreign), await eve.command(name, absent)] as const;
    expect([name, shown(answers[0])]).toEqual([name, shown(answers[1])]);
  }
  const write = (to: string): Promise<Answer> => eve.ask({ type: 'private', to, payload: 1, ack: true });
  expect(shown(await write(owner.clientId))).toEqual(shown(await write(missing)));
  const times: [number[], number[]] = [[], []];
  for (let n = 0; n < 400; n++) {
    const turn = n % 2;
    const args = { room: turn === 0 ? 'hidden' : 'absent', channel: 'room' };
    times[turn === 0 ? 0 : 1].push((await eve.command('channel_info', args)).tookMs);
  }
  const t = welchT(withoutOutliers(times[0]), withoutOutliers(times[1]));
  report('a foreign room against a missing one', { t });
  expect(t).toBeLessThan(4.5);
  expect([owner.isClosed(), owner.events]).toEqual([false, []]);
});
