import { randomBytes } from 'node:crypto';
import { startWebhookSink } from '@arqonbus/testkit';
import type { WebhookSink } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { freshTenants } from './harness/fresh-tenants.ts';
import { furnishTenant, furnitureOf } from './harness/furnish-tenant.ts';
import type { JsonClient } from './harness/json-client.ts';
import { startLaneValkey } from './harness/lane-valkey.ts';
import type { LaneValkey } from './harness/lane-valkey.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// A tenant goes while it is used, and its neighbour notices nothing.

let bus: Bus;
let valkey: LaneValkey;
let sink: WebhookSink;
const tenants = freshTenants(() => bus);
const { enter } = tenants;
const root = { user: 'root', role: 'admin' } as const;
const OPERATOR_TOKEN = randomBytes(24).toString('base64url');

beforeAll(async () => {
  valkey = await startLaneValkey();
  sink = await startWebhookSink();
  bus = await startBus({
    ...roomyLimits,
    ...valkey.env,
    ARQONBUS_OMEGA_ENABLED: 'true',
    ARQONBUS_HTTP_ADMIN_TOKEN: OPERATOR_TOKEN,
  });
});

afterAll(async () => {
  await bus.stop();
  await sink.close();
  await valkey.stop();
});

/** Bounds a hang: four runs of the command line beside a load take some seconds. */
const PATIENT_MS = 120_000;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function arqon(args: readonly string[], order: object = root): Promise<Outcome> {
  const token = await bus.token({ tenant: tenants.tenant, ...order });
  const run = runArqon([...args, '--timeout', '60000'], { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: token });
  const code = await run.exited;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
}

const erase = (...flags: string[]): Promise<Outcome> => arqon(['tenant', 'erase', '--json', ...flags]);

/** Has everybody but administrators need a grant, at every Shield, until the end of the test. */
async function closeAccess(): Promise<void> {
  const env = { ARQONBUS_HTTP_URL: bus.httpUrl, ARQONBUS_HTTP_ADMIN_TOKEN: OPERATOR_TOKEN };
  const config = (...args: string[]): Promise<number | null> => runArqon(['config', ...args], env).exited;
  expect(await config('set', 'access.default', 'closed')).toBe(0);
  onTestFinished(async () => void (await config('reset', 'access.default')));
  // In a cluster one at each Shield.
  const strangers = [await enter({ tenant: 'strangers' }), await enter({ tenant: 'strangers' })];
  for (const stranger of strangers) {
    await expect.poll(async () => (await stranger.publish('lab:bench', 1)).error_code).toBe('AUTHORIZATION_ERROR');
  }
}

interface Kind {
  readonly name: string;
  readonly found: number | null;
  readonly removed: number;
  readonly left: number;
}

function kindsOf({ stdout }: Outcome): readonly Kind[] {
  return (JSON.parse(stdout) as { readonly kinds: readonly Kind[] }).kinds;
}

/** A user in `lab:bench`. */
async function member(user: string, order: object = {}): Promise<JsonClient> {
  const client = await enter({ user, ...order });
  await client.must('join_channel', { room: 'lab', channel: 'bench' });
  return client;
}

interface Sent {
  readonly acknowledged: number;
  /** What refused the next; undefined = it was stopped. */
  readonly refusal: string | undefined;
}

/** Publishes number after number with `ack`, until it is told to stop, refused or cut. */
function publishOn(client: JsonClient): { stop(): Promise<Sent> } {
  let isStopped = false;
  const cut = client.socket.closed(PATIENT_MS).then(({ code }) => ({ status: 'error', error_code: `closed ${code}` }));
  const run = async (): Promise<Sent> => {
    for (let acknowledged = 0; ; acknowledged++) {
      if (isStopped) return { acknowledged, refusal: undefined };
      const reply = await Promise.race([client.publish('lab:bench', acknowledged), cut]);
      if (reply.status !== 'success') return { acknowledged, refusal: reply.error_code };
    }
  };
  const running = run();
  return {
    stop: () => {
      isStopped = true;
      return running;
    },
  };
}

const nothing = {
  keys: 0,
  schedules: 0,
  webhooks: 0,
  mirrors: 0,
  tasks: 0,
  store: 0,
  grants: 0,
  policies: 0,
  bindings: 0,
  schemas: 0,
  casil: 0,
  episodes: 0,
  substrates: 0,
  omegaEvents: 0,
  rooms: 0,
  channels: 0,
};

it(
  '[T-15] [LOG-15] [PRD-4] a tenant that is erased under load leaves nothing but its audit trail, and its neighbour loses nothing',
  async () => {
    const rivalry = { tenant: `${tenants.tenant}-rival` };
    const [admin, alice, robot] = [await enter(root), await member('alice'), await member('robot')];
    const quiet = await enter({ user: 'quiet' });
    const [rivalAdmin, writer] = [await enter({ ...root, ...rivalry }), await member('alice', rivalry)];
    const reader = await member('bob', rivalry);
    const furnishing = { sinkUrl: sink.url };
    await furnishTenant({ ...furnishing, root: admin, alice, tenant: tenants.tenant });
    await furnishTenant({ ...furnishing, root: rivalAdmin, alice: writer, tenant: rivalry.tenant });
    const furniture = await furnitureOf(rivalAdmin);
    expect(Object.values(furniture)).not.toContain(0);
    expect(Object.keys(furniture)).toEqual(Object.keys(nothing));
    expect(await furnitureOf(admin)).toEqual(furniture);
    await alice.publish('lab:bench', 'secret');
    await alice.publish('lab:*', 'secret, to all');
    const [leaving, staying] = [publishOn(robot), publishOn(writer)];

    const looked = await erase('--dry-run');
    expect([looked.code, looked.stderr]).toEqual([0, '']);
    expect(kindsOf(looked).filter(({ removed }) => removed > 0)).toEqual([]);
    const names = kindsOf(looked).map(({ name }) => name);
    const found = kindsOf(looked).filter((kind) => kind.found !== 0);
    expect(found.map(({ name }) => name)).toEqual(names);
    expect(await furnitureOf(admin)).toEqual(furniture);

    const done = await erase('--yes');
    expect(kindsOf(done).filter(({ left }) => left > 0)).toEqual([]);
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(JSON.parse(done.stdout)).toMatchObject({ erased: true, remains: { banned: 2 } });
    expect(kindsOf(done).filter(({ removed }) => removed === 0)).toEqual([]);

    // Who was there is out and stays out; whom nothing names is there and can do nothing.
    for (const client of [alice, robot]) expect((await client.closed()).code).toBe(4403);
    expect((await leaving.stop()).refusal).toMatch(/^(?:closed 4403|BANNED|AUTHORIZATION_ERROR)$/);
    for (const user of ['alice', 'robot']) await expect(enter({ user })).rejects.toThrow(/403/);
    expect(await quiet.publish('lab:bench', 'back')).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
    const later = await enter({ user: 'later', role: 'moderator' });
    const target = { room: 'lab', channel: 'bench' };
    expect(await later.command('join_channel', target)).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });

    const fresh = await enter({ user: 'auditor', role: 'admin' });
    expect(await furnitureOf(fresh)).toEqual(nothing);
    for (const channel of ['bench', '*']) {
      expect(await fresh.must('op.history.get', { room: 'lab', channel })).toMatchObject({ publications: [] });
    }
    const verified = await arqon(['audit', 'verify', '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, checked: expect.any(Number) });
    const erasures = await fresh.must('op.audit.list', { action: 'op.history.erase' });
    expect((erasures['items'] as readonly unknown[]).length).toBeGreaterThan(0);

    const { acknowledged, refusal } = await staying.stop();
    expect(refusal).toBeUndefined();
    expect(acknowledged).toBeGreaterThan(0);
    for (let number = 0; number < acknowledged; number++) expect((await reader.nextEvent()).payload).toBe(number);
    expect(await furnitureOf(rivalAdmin)).toEqual(furniture);

    const again = await erase('--yes');
    expect(again.code).toBe(0);
    expect(kindsOf(again).filter(({ removed }) => removed > 0)).toEqual([]);
  },
  PATIENT_MS,
);

it(
  '[T-15] [PRM-2] two administrators who erase one tenant at once both come to the end, where access is closed and grants stand in the way',
  async () => {
    const admin = await enter(root);
    const grants = [
      { subject: 'role:user', action: '*', pattern: '*', effect: 'allow' },
      { subject: 'role:user', action: 'operate', pattern: 'store:*', effect: 'allow' },
      { subject: 'user:root', action: 'manage', pattern: 'lab:*', effect: 'deny' },
      { subject: 'user:root', action: 'presence', pattern: 'lab:*', effect: 'deny' },
    ];
    for (const grant of grants.slice(0, 2)) await admin.must('op.grant.put', grant);
    await closeAccess();
    const alice = await member('alice');
    await furnishTenant({ root: admin, alice, tenant: tenants.tenant, sinkUrl: sink.url });
    for (const grant of grants.slice(2)) await admin.must('op.grant.put', grant);
    const flags = ['tenant', 'erase', '--json', '--yes', '--ban-for', '1h'];
    const outcomes = await Promise.all([
      arqon([...flags, '--keep', 'second']),
      arqon([...flags, '--keep', 'root'], { user: 'second', role: 'admin' }),
    ]);
    for (const outcome of outcomes) {
      expect(kindsOf(outcome).filter(({ left }) => left > 0)).toEqual([]);
      expect([outcome.code, outcome.stderr]).toEqual([0, '']);
    }
    expect(await furnitureOf(await enter({ user: 'auditor', role: 'admin' }))).toEqual(nothing);
    expect((await alice.closed()).code).toBe(4403);
    const verified = await arqon(['audit', 'verify', '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true });
  },
  PATIENT_MS,
);

it('[T-15] [CLI-1] nothing is begun without an administrator, or without a yes', async () => {
  const admin = await enter(root);
  await admin.must('op.room.create', { room: 'office' });
  const asked = await erase();
  expect([asked.code, asked.stderr]).toEqual([1, expect.stringContaining('say --yes')]);
  const moderator = await arqon(['tenant', 'erase', '--yes'], { user: 'mo', role: 'moderator' });
  expect([moderator.code, moderator.stdout]).toEqual([1, '']);
  expect(moderator.stderr).toMatch(/^arqon: /);
  expect((await admin.must('op.audit.list', { action: 'op.session.disconnect' }))['items']).toEqual([]);
  expect((await furnitureOf(admin))['rooms']).toBe(1);
});
