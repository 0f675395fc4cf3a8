import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { JsonClient } from './harness/json-client.ts';
import { isCluster } from './harness/mode.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

const TOKEN = 'op-4f1d7a90c2e84b6f9d35aa01e7c8b264';
let bus: Bus;
const clients: JsonClient[] = [];
let tenants = 0;

beforeAll(async () => {
  bus = await startBus({ ARQONBUS_HTTP_ADMIN_TOKEN: TOKEN });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});

afterAll(() => bus.stop());

async function enter(tenant: string, user: string, role: 'admin' | 'moderator' | 'user' = 'user'): Promise<JsonClient> {
  const client = await bus.connect({ tenant, user, role });
  clients.push(client);
  return client;
}

type Item = Readonly<Record<string, unknown>>;

async function list(admin: JsonClient, args = {}): Promise<readonly Item[]> {
  return (await admin.must('op.audit.list', args))['items'] as readonly Item[];
}

/** A tenant with an administrator, and a moderator at another Shield. */
async function createTenant(): Promise<{
  readonly tenant: string;
  readonly root: JsonClient;
  readonly mod: JsonClient;
}> {
  const tenant = `audited-${++tenants}`;
  return { tenant, root: await enter(tenant, 'root', 'admin'), mod: await enter(tenant, 'mod', 'moderator') };
}

test('[AUD-1] [AUD-3] bans, deletions and replays stand in the trail: intent, outcome, who, what and why', async () => {
  const { root, mod } = await createTenant();
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const command = {
    type: 'command',
    command: 'op.session.disconnect',
    traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
  };
  root.send({ id: 'arq_audited-ban', ...command, args: { user: 'mallory', reason: 'spam', ban_for_ms: 60_000 } });
  await root.next(({ request_id: id }) => id === 'arq_audited-ban');
  await root.must('op.ban.lift', { user: 'mallory' });
  await mod.must('create_channel', { room: 'lab', channel: 'old' });
  await mod.must('delete_channel', { room: 'lab', channel: 'old' });
  expect(await mod.command('delete_channel', { room: 'lab', channel: 'old' })).toMatchObject({
    error_code: 'CHANNEL_NOT_FOUND',
  });
  await mod.must('join_channel', { room: 'lab', channel: 'bench' });
  await mod.publish('lab:bench', { text: 'a secret of ours' });
  const replayed = await mod.must('op.history.replay', { room: 'lab', channel: 'bench', from_seq: 1 });
  const items = await list(root);
  const of = (actor: string, action: string, target: string): readonly Item[] =>
    items.filter((item) => item['actor'] === actor && item['action'] === action && item['target'] === target);
  const [intent, done] = of('user:root', 'op.session.disconnect', 'user:mallory');
  expect(intent).toMatchObject({ seq: 1, phase: 'intent', before: '', trace_id: traceId });
  expect(done).toMatchObject({ seq: 2, phase: 'done', intent_seq: 1, after: expect.stringMatching(/^sha256:/) });
  expect(JSON.parse(String(intent?.['details']))).toMatchObject({ reason: 'spam', ban_for_ms: 60_000 });
  const phases = (found: readonly Item[]): unknown[] => found.map(({ phase }) => phase);
  expect(phases(of('user:root', 'op.ban.lift', 'user:mallory'))).toEqual(['intent', 'done']);
  const deletions = of('user:mod', 'delete_channel', 'channel:lab:old');
  expect(phases(deletions)).toEqual(['intent', 'done', 'intent', 'failed']);
  const replays = of('user:mod', 'op.history.replay', 'channel:lab:bench');
  expect(phases(replays)).toEqual(['intent', 'done']);
  expect(JSON.parse(String(replays[1]?.['details']))).toEqual({ count: 1, hash: replayed['hash'] });
  expect(items.map(({ seq }) => seq)).toEqual(items.map((_, index) => index + 1));
  expect(JSON.stringify(items)).not.toContain('a secret of ours');
  expect(await root.must('op.audit.verify')).toMatchObject({
    ok: true,
    checked: items.length,
    last_seq: items.length,
    last_hash: items.at(-1)?.['hash'],
  });
});

test('[AUD-3] actions at both Shields and all Brains at once make one chain', async () => {
  const { root, tenant } = await createTenant();
  const admins = await Promise.all(Array.from({ length: 6 }, (_, i) => enter(tenant, `root-${i}`, 'admin')));
  await Promise.all(
    admins.map(async (admin) => {
      for (const user of ['mallory', 'eve']) await admin.must('op.session.disconnect', { user });
    }),
  );
  for (const admin of admins.slice(0, 2)) {
    expect(await admin.must('op.audit.verify')).toMatchObject({ ok: true, checked: 24 });
  }
  const page = await root.must('op.audit.list', { limit: 10 });
  expect(page['items']).toHaveLength(10);
  expect(await list(root, { cursor: page['cursor'], limit: 1_000 })).toHaveLength(14);
  expect(await list(root, { action: 'op.ban.lift' })).toEqual([]);
});

test('[AUD-1] what is audited stands in Postgres as well, soon after; one process has no copy', async () => {
  const { root } = await createTenant();
  for (const user of ['mallory', 'eve']) await root.must('op.session.disconnect', { user });
  const compared = async (): Promise<unknown> => (await root.must('op.audit.verify'))['compared'];
  await expect.poll(compared, { timeout: 10_000 }).toBe(isCluster ? 4 : 0);
});

test('[PRD-4] [AUT-4] a tenant sees and verifies its own chain alone, and an administrator alone may', async () => {
  const { root, mod } = await createTenant();
  const other = await createTenant();
  await root.must('op.session.disconnect', { user: 'mallory-of-one' });
  expect(await list(other.root)).toEqual([]);
  expect(await other.root.must('op.audit.verify')).toMatchObject({ ok: true, checked: 0, last_seq: 0 });
  await other.root.must('op.session.disconnect', { user: 'mallory-of-two' });
  expect(JSON.stringify(await list(other.root))).not.toContain('mallory-of-one');
  expect(JSON.stringify(await list(root))).not.toContain('mallory-of-two');
  for (const command of ['op.audit.list', 'op.audit.verify']) {
    expect(await mod.command(command)).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
  }
  expect(await root.command('op.audit.list', { since: 'yesterday' })).toMatchObject({ error_code: 'VALIDATION_ERROR' });
  expect(await root.command('op.audit.list', { cursor: '../other' })).toMatchObject({ error_code: 'VALIDATION_ERROR' });
});

test('[AUD-2] [CLI-1] arqon audit verify checks the chain by itself; a noted end must still be there', async () => {
  const { root, tenant } = await createTenant();
  await root.must('op.session.disconnect', { user: 'mallory', reason: 'Grüße \u{1f680}' });
  const env = {
    ARQONBUS_WS_URL: bus.wsUrl,
    ARQONBUS_AUTH_JWT: await bus.token({ tenant, user: 'root', role: 'admin' }),
  };
  const run = async (...args: string[]) => {
    const arqon = runArqon(['audit', ...args], env);
    return { code: await arqon.exited, out: arqon.stdout(), err: arqon.stderr() };
  };
  const noted = `1:${String((await list(root))[0]?.['hash'])}`;
  const [whole, cut, listed] = await Promise.all([
    run('verify', '--json', '--expect', noted),
    run('verify', '--expect', `3:${'f'.repeat(64)}`),
    run('list', '--json'),
  ]);
  expect([whole.code, JSON.parse(whole.out)]).toMatchObject([0, { ok: true, checked: 2, last_seq: 2 }]);
  const err = `arqon: the audit trail of ${tenant} is broken at record 3: truncated\n`;
  expect(cut).toMatchObject({ code: 1, err });
  expect(listed.out.trim().split('\n')).toHaveLength(2);
});

test('[AUD-2] [CLI-2] an operator lists and verifies what is of no tenant, at the admin port', async () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const body = JSON.stringify({ value: 77 });
  expect((await fetch(`${bus.httpUrl}/settings/limits.history_page`, { method: 'PUT', headers, body })).status).toBe(
    200,
  );
  const run = async (args: readonly string[], token = TOKEN) => {
    const env = { ARQONBUS_HTTP_URL: bus.httpUrl, ARQONBUS_HTTP_ADMIN_TOKEN: token };
    const arqon = runArqon(['audit', ...args, '--platform'], env);
    return { code: await arqon.exited, out: arqon.stdout(), err: arqon.stderr() };
  };
  const [listed, verified, refused] = await Promise.all([
    run(['list', '--json', '--action', 'config.set']),
    run(['verify', '--json']),
    run(['list'], 'op-00000000000000000000000000000000'),
  ]);
  const records = listed.out.trim().split('\n');
  expect(records.map((line) => JSON.parse(line) as Item)).toMatchObject([
    { phase: 'intent', action: 'config.set', target: 'setting:limits.history_page', details: '{"value":"77"}' },
    { phase: 'done', action: 'config.set', actor: expect.stringMatching(/^operator:/) },
  ]);
  expect([verified.code, JSON.parse(verified.out)]).toMatchObject([0, { ok: true }]);
  expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^arqon: /) });
  expect((await fetch(`${bus.httpUrl}/audit/list`, { method: 'POST' })).status).toBe(401);
});
