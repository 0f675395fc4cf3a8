import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { JsonClient } from './harness/json-client.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// A share of the traffic is copied (MIR-1). What a consumer of the copies gets is shown on NATS: faults/one-boundary.test.ts.

let bus: Bus;
const clients: JsonClient[] = [];

beforeAll(async () => {
  bus = await startBus();
});

afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});

afterAll(() => bus.stop());

async function enter(tenant: string, user: string, role: 'admin' | 'user' = 'user'): Promise<JsonClient> {
  const client = await bus.connect({ tenant, user, role });
  clients.push(client);
  if (role === 'user') await client.must('join_channel', { room: 'lab', channel: 'bench' });
  return client;
}

const copies = (): Promise<number> => bus.metric('arqonbus_mirror_copies_total');
const rules = (): Promise<number> => bus.metric('arqonbus_mirror_rules');

test('[MIR-1] [CLI-1] a rule of an administrator copies what it names at every Shield, in its tenant alone, until it is taken away', async () => {
  const admin = await enter('acme', 'root', 'admin');
  const [alice, bob] = [await enter('acme', 'alice'), await enter('acme', 'bob')];
  const foreign = [await enter('globex', 'carol'), await enter('globex', 'dave')];
  const shields = await rules();
  expect([shields, await copies()]).toEqual([0, 0]);
  const { rule_id: ruleId } = await admin.must('op.mirror.put', { pattern: 'lab:*', percent: 100 });
  const put = performance.now();
  await expect
    .poll(
      async () =>
        (await alice.publish('lab:bench', { n: 1 })) && (await bob.publish('lab:bench', { n: 2 })) && copies(),
    )
    .toBeGreaterThanOrEqual(2);
  expect(performance.now() - put).toBeLessThan(1_000);
  const before = await copies();
  for (const client of foreign) await client.publish('lab:bench', { n: 3 });
  await alice.must('join_channel', { room: 'hall', channel: 'floor' });
  await alice.publish('hall:floor', { n: 4 });
  expect((await alice.publish('lab:bench', { n: 5 }, { to: [], id: 'arq_mirrored-once' })).status).toBe('success');
  // The log knows it already: it is not delivered again, and so not copied.
  expect((await alice.publish('lab:bench', { n: 5 }, { id: 'arq_mirrored-once' })).payload['duplicate']).toBe(true);
  await expect.poll(copies).toBe(before + 1);
  expect((await admin.must('op.mirror.list'))['items']).toMatchObject([
    { rule_id: ruleId, pattern: 'lab:*', percent: 100, created_by: 'root', created_at: expect.any(String) },
  ]);
  const token = await bus.token({ tenant: 'acme', user: 'root', role: 'admin' });
  const arqon = runArqon(['mirror', 'delete', String(ruleId), '--ws-url', bus.wsUrl, '--jwt', token]);
  expect([await arqon.exited, arqon.stdout()]).toEqual([0, 'deleted\n']);
  await expect.poll(rules).toBe(0);
  await alice.publish('lab:bench', { n: 6 });
  expect(await copies()).toBe(before + 1);
  const { items } = await admin.must('op.audit.list');
  expect((items as { action: string; phase: string }[]).map(({ action, phase }) => `${action} ${phase}`)).toEqual([
    'op.mirror.put intent',
    'op.mirror.put done',
    'op.mirror.delete intent',
    'op.mirror.delete done',
  ]);
});

test('[MIR-1] what makes no rule is refused with the field, and who is no administrator makes none', async () => {
  const admin = await enter('acme', 'root', 'admin');
  for (const [args, field] of [
    [{ pattern: 'a b', percent: 10 }, 'args.pattern'],
    [{ pattern: 'lab', percent: 101 }, 'args.percent'],
    [{ pattern: 'lab', percent: '10' }, 'args.percent'],
    [{ percent: 10 }, 'args.pattern'],
  ] as const) {
    expect(await admin.command('op.mirror.put', args)).toMatchObject({
      error_code: 'VALIDATION_ERROR',
      payload: { errors: [{ field }] },
    });
  }
  expect(await admin.must('op.mirror.delete', { rule_id: 'm_none' })).toEqual({ deleted: false });
  const alice = await enter('acme', 'alice');
  expect(await alice.command('op.mirror.put', { pattern: 'lab', percent: 1 })).toMatchObject({
    error_code: 'AUTHORIZATION_ERROR',
  });
});

test('[DPL-3] [CLI-1] two Shields are compared on copies of traffic, in a tenant that was set aside', async () => {
  const copy = (n: number): string =>
    JSON.stringify({
      id: `arq_${n}`,
      room: 'lab',
      channel: 'bench',
      content_type: 'application/json',
      payload: `{"n":${n}}`,
    });
  const input = ['{"event":"listening"}', copy(1), copy(2), copy(3)].join('\n');
  const env = { ARQONBUS_AUTH_JWT: await bus.token({ tenant: 'trial', user: 'shadow' }) };
  const other = `ws://127.0.0.1:${bus.ports.at(-1)}/v1/socket`;
  const into = (tenant: string): readonly string[] => [
    'shadow',
    '--ws-url',
    bus.wsUrl,
    '--canary',
    other,
    '--tenant',
    tenant,
    '--json',
  ];
  const [right, wrong] = [runArqon(into('trial'), env, input), runArqon(into('acme'), env, input)];
  expect([await right.exited, right.stderr()]).toEqual([0, '']);
  expect(JSON.parse(right.stdout())).toMatchObject({ compared: 3, different: 0, left_out: 1 });
  expect([await wrong.exited, wrong.stdout()]).toEqual([1, '']);
  expect(wrong.stderr()).toContain('the token is of the tenant trial, and acme was set aside');
});
