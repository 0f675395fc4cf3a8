import { createDevelopmentIssuer } from '@arqonbus/auth';
import { consumeMirror } from '@arqonbus/example-mirror-consumer';
import type { MirrorConsumer } from '@arqonbus/example-mirror-consumer';
import type { Envelope } from '@arqonbus/protocol';
import { createNatsSpine } from '@arqonbus/spine';
import type { NatsSpine } from '@arqonbus/spine';
import { connectRaw, shippedValkeyUsers, startCluster, startValkeyServer, startWebhookSink } from '@arqonbus/testkit';
import type { Cluster, NatsUser, ValkeyServer, WebhookSink } from '@arqonbus/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askByGrpc } from './harness/ask-by-grpc.ts';
import { textOfValkey, textUnder } from './harness/kept-text.ts';
import { adminPages } from './harness/admin-pages.ts';
import { Reader } from './harness/reader.ts';
import { quoted, usersOfNats } from './harness/shipped-users.ts';
import { createOutboxDatabase, createOutboxFile } from '../harness/outbox-database.ts';
import type { OutboxDatabase } from '../harness/outbox-database.ts';
import { startOtlpSink } from '../harness/otlp-sink.ts';
import type { OtlpSink } from '../harness/otlp-sink.ts';
import { developmentSettings, programs } from '../harness/start-cluster-servers.ts';

// Everything that leaves the bus, on whatever way (ways-out.test.ts lists them): nothing that a rule blocks or redacts is in it (SAF-2, CAS-6, CAS-12, MIR-1).

const SECRET = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c';
/** Blocked wherever it stands; redacted for all but moderators; redacted for all. */
const awsKey = ['AKIA', 'Q3EGRZ7XUWL5P2MN'].join('');
const card = '4111 1111 1111 1111';
const password = 'hunter2-planted';
const PLANTED = [awsKey, card, password];

let cluster: Cluster;
let consumer: MirrorConsumer;
let valkey: ValkeyServer;
let sink: OtlpSink;
let receiver: WebhookSink;
let outbox: OutboxDatabase;
const outboxes = createOutboxFile();
const copies: Envelope[] = [];
/** What the Bridge has answered. */
const planted: string[] = [];
const taps: NatsSpine[] = [];
/** By subject that any user of NATS may hear. */
const heard = new Map<string, string>();

beforeAll(async () => {
  [sink, receiver, outbox] = [await startOtlpSink(), await startWebhookSink(), await createOutboxDatabase()];
  const shipped = shippedValkeyUsers();
  valkey = await startValkeyServer({ users: shipped.users, config: 'rdbcompression no' });
  const env = {
    ...developmentSettings(SECRET),
    ...shipped.env,
    ARQONBUS_VALKEY_URL: valkey.url,
    ARQONBUS_OUTBOX_FILE: outboxes.path,
    ARQONBUS_OMEGA_ENABLED: 'true',
    ARQONBUS_CASIL_ENABLED: 'true',
    ARQONBUS_CASIL_MODE: 'enforce',
    ARQONBUS_CASIL_VIEWS: 'role:moderator=card_number',
    ARQONBUS_CASIL_METADATA_TO_ENVELOPE: 'true',
    ARQONBUS_TELEMETRY_LOG_LEVEL: 'debug',
    ARQONBUS_TELEMETRY_TRACES_URL: sink.url,
    ARQONBUS_TELEMETRY_TRACES_PER_MILLION: '1000000',
  };
  cluster = await startCluster({ programs, postgres: 'shared', shields: 1, brains: 1, bridges: 1, env });
  const source = { servers: [cluster.nats.url], ...natsUser('shadow') };
  consumer = await consumeMirror(source, (copy) => void copies.push(copy));
  // Where a tap hears requests, nobody is told any more that a part of the Brain is not served yet.
  const early = await enter({ user: 'early' });
  await early.command('presence', { room: 'lab', channel: 'bench' }).finally(() => early.socket.sendClose(1000));
  for (const [name, filters] of subjectsHeard()) await tap(name, filters);
});

afterAll(async () => {
  await Promise.all([...taps, consumer].map((tapped) => tapped.close()));
  await cluster.stop();
  outboxes.remove();
  await Promise.all([sink.close(), receiver.close(), valkey.stop(), outbox.drop()]);
});

function natsUser(name: NatsUser): { readonly user: string; readonly password: string } {
  const { ARQONBUS_NATS_USER: user = '', ARQONBUS_NATS_PASSWORD: secret = '' } = cluster.natsUser(name);
  return { user, password: secret };
}

function subjectsHeard(): readonly (readonly [NatsUser, readonly string[]])[] {
  return usersOfNats().map(([name, block]) => {
    const allowed = /subscribe: \{ allow: \[([^\]]*)\]/.exec(block)?.[1] ?? '';
    return [name, quoted(allowed).filter((subject) => !subject.startsWith('_INBOX'))] as const;
  });
}

async function tap(name: NatsUser, filters: readonly string[]): Promise<void> {
  const spine = await createNatsSpine({ servers: [cluster.nats.url], name: `tap-${name}`, ...natsUser(name) });
  for (const filter of filters) {
    // On the connection itself: a Spine hands requests to servers, and a tap is none.
    spine.connection.subscribe(filter, {
      callback: (_, { subject, data }) => {
        // A way in: what the Bridge asks of Shields, which are the first to inspect it.
        if (subject.startsWith('arqon.rpc.edge.')) return;
        const root = subject.split('.').slice(0, 2).join('.');
        heard.set(root, (heard.get(root) ?? '') + Buffer.from(data).toString('latin1'));
      },
    });
  }
  await spine.flush();
  taps.push(spine);
}

interface Entry {
  readonly user: string;
  readonly role?: 'user' | 'moderator' | 'admin';
  readonly format?: 'json' | 'proto';
  readonly port?: 'ws_url' | 'telemetry_url';
  readonly name?: string;
}

async function tokenOf(user: string, role: Entry['role'] = 'user'): Promise<string> {
  const issuer = createDevelopmentIssuer({ secret: SECRET, now: Date.now });
  return issuer.issue({ tenant: 'acme-corp.eu', user, role, ttlMs: 3_600_000 });
}

/** What the Bridge answers to bob. */
async function askBridge(path: string, body?: object): Promise<string> {
  const url = `${cluster.bridges[0]?.addresses()['bridge_url'] ?? ''}${path}`;
  const headers = { authorization: `Bearer ${await tokenOf('bob')}` };
  const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  return (await fetch(url, { headers, ...post })).text();
}

async function enter({ user, role = 'user', format = 'json', port = 'ws_url', name = user }: Entry): Promise<Reader> {
  const token = await tokenOf(user, role);
  const socket = await connectRaw({
    port: Number(new URL(cluster.shields[0]?.addresses()[port] ?? '').port),
    path:
      port === 'ws_url' ? `/v1/socket?room=lab&channel=bench&screen_name=${encodeURIComponent(name)}` : '/v1/socket',
    headers: { authorization: `Bearer ${token}` },
    protocols: [`arqon.v1.${format}`],
  });
  if (socket.status !== 101) throw new Error(socket.body);
  const reader = new Reader(socket);
  await reader.until(port === 'ws_url' ? 'welcome' : 'telemetry_welcome');
  return reader;
}

/** Everything that is forbidden somewhere, everywhere where somebody can put it. */
async function plant(alice: Reader, bob: Reader, admin: Reader): Promise<void> {
  const emitting = { substrate_id: await registerSubstrate(admin), signal: 'pulse' };
  for (const secret of [awsKey, `card ${card}`]) {
    await alice.say('lab:bench', { text: secret, password, note: 'marker-payload' });
    await alice.say('continuum:episodes', {
      event_id: secret,
      agent_id: 'planted',
      payload: { text: secret, password },
    });
    await alice.say('lab:*', { text: secret, password });
    await alice.say('lab:bench', { text: 'x' }, { metadata: { note: secret, password } });
    await alice.say('lab:bench', { text: 'x' }, { headers: { note: secret } });
    await alice.say('lab:bench', { text: 'x' }, { spectral: { note: secret } });
    await alice.say(
      '',
      { text: secret, password, note: 'marker-private' },
      { type: 'private', to: ['user:bob', 'user:ben'] },
    );
    await alice.say('', { eventType: 'note', payload: { secret } }, { type: 'telemetry' });
    await bob.command('set_status', { status: secret, meta: { note: secret } });
    await bob.command('join_channel', { room: secret, channel: 'x' });
    await bob.command(secret, { secret });
    const payload = { text: secret, password };
    await alice.command('task.submit', { group: 'lab', payload });
    const taskId = /"task_id":"([^"]+)"/.exec(bob.all)?.[1];
    await bob.command('task.progress', { task_id: taskId, attempt: 1, payload });
    for (const end of ['task.result', 'task.fail']) await bob.command(end, { task_id: taskId, attempt: 1, payload });
    await admin.command('op.continuum.projector.project_event', { event: { agent_id: 'planted-too', payload } });
    await admin.command('op.omega.register_substrate', { name: 'lattice-8', kind: 'reservoir', metadata: payload });
    await admin.command('op.omega.emit_event', { ...emitting, payload });
    await alice.command('op.store.set', { key: 'planted', value: payload });
    await alice.command('op.cron.schedule', { room: 'lab', channel: 'bench', payload, delay_seconds: 3_600 });
    planted.push(await askBridge('/v1/publish', { room: 'lab', channel: 'bench', payload }));
    planted.push(await askByGrpc(cluster.bridges[0]?.addresses()['grpc_url'] ?? '', await tokenOf('bob'), payload));
    await outbox.insert('lab:bench', payload);
  }
  await alice.say('lab:bench', { text: 'marker-last' });
}

/** Of the Omega lane, whose events the administrator hears. */
async function registerSubstrate(admin: Reader): Promise<string> {
  await admin.command('join_channel', { room: 'omega-lab', channel: 'signals' });
  await admin.command('op.omega.register_substrate', { name: 'lattice-7', kind: 'reservoir' });
  return /"substrate_id":"([^"]+)"/.exec(admin.all)?.[1] ?? '';
}

/** Rows of an application, with the rights of a key that may do what bob may. */
async function openOutbox(admin: Reader): Promise<void> {
  await admin.command('op.key.create', { name: 'outbox', role: 'user' });
  outboxes.write([{ name: 'planted', key: /"key":"(arqk_[^"]+)"/.exec(admin.all)?.[1] ?? '', url: outbox.url }]);
}

/** Others see what a client says of itself as it connects: a card is masked, and a key is not let in. */
async function knock(alice: Reader): Promise<void> {
  const told = await Promise.all([awsKey, `card ${card}`].map((name) => enter({ user: 'carol', name }).catch(String)));
  const [refused, carol] = told;
  expect(refused).toContain('CASIL_POLICY_BLOCKED_SECRET');
  if (!(carol instanceof Reader)) throw new Error(carol);
  await alice.command('presence', { room: 'lab', channel: 'bench' });
  expect(alice.all).toContain('card ***REDACTED***');
  carol.socket.sendClose(1000);
}

describe('one boundary', () => {
  test('[SAF-2] [CAS-6] [CAS-12] [MIR-1] nothing that is blocked or redacted is on any way out', async () => {
    const telemetry = await enter({ user: 'root', role: 'admin', port: 'telemetry_url' });
    const admin = await enter({ user: 'root', role: 'admin' });
    const [alice, bob] = [await enter({ user: 'alice' }), await enter({ user: 'bob' })];
    const [ben, mia] = [await enter({ user: 'ben', format: 'proto' }), await enter({ user: 'mia', role: 'moderator' })];
    await admin.command('op.mirror.put', { pattern: '*', percent: 100 });
    await admin.command('join_channel', { room: 'integriguard', channel: 'telemetry-stream' });
    await expect
      .poll(async () => {
        await alice.say('lab:bench', { text: 'is it mirrored?' });
        return copies.length;
      })
      .toBeGreaterThan(0);
    await admin.command('op.webhook.register', { url: receiver.url, room: 'lab', events: ['message', 'casil'] });
    await bob.command('operator.join', { group: 'lab' });
    await openOutbox(admin);
    await bob.command('op.store.watch', { prefix: '' });
    await alice.command('join_channel', { room: 'continuum', channel: 'episodes' });
    await plant(alice, bob, admin);
    await knock(alice);
    const target = { room: 'lab', channel: 'bench' };
    await bob.command('history', target);
    await bob.command('history', { room: 'lab' });
    await bob.command('op.history.replay', { ...target, from_seq: 1 });
    await bob.command('join_channel', { ...target, history: 100 });
    await bob.command('presence', { room: 'lab' });
    await bob.command('op.store.get', { key: 'planted' });
    for (const list of ['list_events', 'list_substrates']) await admin.command(`op.omega.${list}`, {});
    await alice.command('op.cron.list', {});
    await alice.command('task.get', { task_id: /"task_id":"([^"]+)"/.exec(alice.all)?.[1] });
    planted.push(await askBridge('/v1/rooms/lab/channels/bench/history'));
    await expect
      .poll(async () => {
        await admin.command('op.continuum.projector.dlq.list', {});
        return admin.all;
      })
      .toContain('"agent_id":"planted"');
    await admin.command('op.audit.list', {});
    await Promise.all(
      [bob, ben, mia, telemetry].map((reader) => reader.until(reader === telemetry ? 'casil_decision' : 'marker-last')),
    );
    await expect
      .poll(() => copies.map(({ payload }) => Buffer.from(payload).toString()).join(''))
      .toContain('marker-last');
    await expect.poll(() => outbox.waiting(), { timeout: 15_000 }).toBe(0);
    await bob.until('"sender":"key-');
    const letters = await outbox.refusals();
    expect(letters).toEqual([expect.stringContaining('CASIL_POLICY_BLOCKED_SECRET')]);
    await expect.poll(() => textUnder(cluster.nats.storeDir)).toContain('marker-last');
    await expect.poll(() => sink.spans().length).toBeGreaterThan(0);
    const posted = (): string => receiver.requests.map(({ body }) => body).join('');
    await expect.poll(posted, { timeout: 10_000 }).toContain('marker-last');
    const kept = await textOfValkey(valkey);
    for (const text of ['lattice-8', 'omega:events', 'store:default:planted']) expect(kept).toContain(text);
    const ways: Readonly<Record<string, string>> = {
      'sockets of the sender, with its errors': alice.all,
      'sockets in JSON, with history, replay and presence': bob.all,
      'sockets in Protobuf': ben.all,
      'sockets of administrators, with the audit trail': admin.all,
      'the telemetry stream': telemetry.all,
      'what receivers of webhooks are posted': posted(),
      'what the Bridge answers': planted.join(''),
      'what an application is told of its refused rows': letters.join(''),
      'the mirror': JSON.stringify(copies, (_, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
      ),
      'logs of all services': [...cluster.shields, ...cluster.brains, ...cluster.bridges]
        .map((service) => service.log())
        .join(''),
      'metrics, health and version': await adminPages(cluster),
      traces: JSON.stringify(sink.spans()),
      'what NATS stores: the log, buckets, the audit trail': textUnder(cluster.nats.storeDir),
      'what Valkey stores: copies of the store, the Omega lane': kept,
      ...Object.fromEntries([...heard].map(([root, text]) => [`the subjects ${root}`, text])),
    };
    const leaks = Object.entries(ways).flatMap(([way, text]) =>
      PLANTED.filter((secret) => text.includes(secret)).map((secret) => `${secret} on ${way}`),
    );
    expect(leaks).toEqual([]);
    // Else all this would pass for a bus that is silent.
    for (const reader of [bob, ben, mia]) expect(reader.all).toContain('marker-payload');
    for (const kind of ['"sender":"op-omega"', '"emitted_at"']) expect(admin.all).toContain(kind);
    for (const kind of ['"type":"task"', '"event":"store"']) expect(bob.all).toContain(kind);
    for (const way of ['arqon.out', 'arqon.evt', 'arqon.rpc', 'shadow.arqon']) expect([...heard.keys()]).toContain(way);
    expect(mia.all).toContain(card);
    expect([awsKey, password].filter((secret) => mia.all.includes(secret))).toEqual([]);
    expect(copies.at(-1)?.headers).toEqual({ 'x-arqon-shadow': 'true' });
    for (const { socket } of [telemetry, admin, alice, bob, ben, mia]) socket.sendClose(1000);
  });
});
