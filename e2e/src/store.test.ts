import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { freshTenants } from './harness/fresh-tenants.ts';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// What a tenant keeps, and who is told when it changes (STO-1).

let bus: Bus;
const tenants = freshTenants(() => bus);
const { enter } = tenants;

beforeAll(async () => {
  bus = await startBus({
    ...roomyLimits,
    ARQONBUS_LIMITS_STORE_KEYS_PER_TENANT: '12',
    ARQONBUS_LIMITS_STORE_BYTES_PER_TENANT: '40000',
    ARQONBUS_LIMITS_STORE_WATCHES: '3',
  });
});

afterAll(() => bus.stop());

async function codeOf(client: JsonClient, name: string, args: object): Promise<unknown> {
  const { error_code: code, payload } = await client.command(name, args);
  return [code, payload];
}

/** Each command is a process of its own, one after the other. */
const PROCESSES = { timeout: 60_000 };

const field = (name: string): unknown => ['VALIDATION_ERROR', { errors: [expect.objectContaining({ field: name })] }];

/** The next changes that a client is told of. */
async function changes(client: JsonClient, count: number): Promise<readonly Frame['payload'][]> {
  const told: Frame['payload'][] = [];
  while (told.length < count) told.push((await client.nextSystem('store')).payload);
  return told;
}

it('[STO-1] [PRD-4] what one client keeps any other of the tenant reads, as it was written, and no other tenant', async () => {
  const [alice, bob] = [await enter(), await enter({ user: 'bob' })];
  const foreign = await enter({ tenant: `${tenants.tenant}-other` });
  const kept = await alice.must('op.store.set', { key: 'cart/5f0c \u{1f680}', value: { items: [1, 'ä'] } });
  expect(kept).toEqual({ namespace: 'default', key: 'cart/5f0c \u{1f680}', version: 1, updated: true });
  expect(await bob.must('op.store.get', { key: 'cart/5f0c \u{1f680}' })).toEqual({
    found: true,
    value: { items: [1, 'ä'] },
    version: 1,
  });
  const id = 'arq_store-exact-numbers';
  bob.socket.sendText(
    `{"id":"${id}","type":"command","command":"op.store.set","args":{"key":"n","value":[9223372036854775807,1.0]}}`,
  );
  await bob.next((frame) => frame.request_id === id);
  alice.send({ id: `${id}-read`, type: 'command', command: 'op.store.get', args: { key: 'n' } });
  const answer = await alice.socket.next(({ payload }) => new TextDecoder().decode(payload).includes(`${id}-read`));
  expect(new TextDecoder().decode(answer.payload)).toContain('"value":[9223372036854775807,1.0]');
  expect(await foreign.must('op.store.get', { key: 'n' })).toEqual({ found: false });
  expect((await foreign.must('op.store.list'))['items']).toEqual([]);
  expect((await foreign.must('op.store.set', { key: 'n', value: null, if_version: 0 }))['version']).toBe(1);
  expect(await alice.must('op.store.get', { key: 'n', namespace: 'other' })).toEqual({ found: false });
});

it('[STO-1] [PRD-3] of many that change one version, at all Shields, one wins, and the others learn which is in force', async () => {
  const all = await Promise.all(['a', 'b', 'c', 'd'].map((user) => enter({ user })));
  const first = await all[0]?.must('op.store.set', { key: 'leader', value: 'none', if_version: 0 });
  const answers = await Promise.all(
    all.map((client, n) => client.command('op.store.set', { key: 'leader', value: n, if_version: first?.['version'] })),
  );
  const won = answers.filter(({ status }) => status === 'success');
  expect(won).toHaveLength(1);
  const version = won[0]?.payload['version'];
  for (const { status, error_code: code, payload } of answers) {
    expect([status, code, payload['version']]).toEqual([
      status,
      status === 'success' ? undefined : 'CONFLICT',
      version,
    ]);
  }
  await Promise.all(all.map((client) => client.must('op.store.increment', { key: 'visits', by: 5 })));
  expect(await all[1]?.must('op.store.get', { key: 'visits' })).toMatchObject({ value: 20 });
  expect(await all[1]?.must('op.store.delete', { key: 'visits' })).toMatchObject({ deleted: true });
  expect(await all[2]?.must('op.store.delete', { key: 'visits' })).toEqual({ deleted: false });
});

it('[STO-1] [PRT-22] keys are listed by prefix, page by page', async () => {
  const alice = await enter();
  for (const key of ['a/2', 'b/1', 'a/1', 'a/3'])
    await alice.must('op.store.set', { key, value: 1, namespace: 'jobs' });
  const page = await alice.must('op.store.list', { namespace: 'jobs', prefix: 'a/', limit: 2 });
  expect(page['items']).toMatchObject([{ key: 'a/1', version: 3 }, { key: 'a/2' }]);
  const { items, cursor } = await alice.must('op.store.list', {
    namespace: 'jobs',
    prefix: 'a/',
    limit: 2,
    cursor: page['cursor'],
  });
  expect([items, cursor]).toEqual([[{ key: 'a/3', version: 4 }], undefined]);
});

it('[STO-1] [T-15] administrators list all namespaces of their tenant, and nobody else does', async () => {
  const [alice, root] = [await enter(), await enter({ user: 'root', role: 'admin' })];
  const rival = await enter({ tenant: `${tenants.tenant}-other`, user: 'root', role: 'admin' });
  for (const namespace of ['jobs', 'Carts']) await alice.must('op.store.set', { namespace, key: 'a', value: 1 });
  await alice.must('op.store.set', { key: 'b', value: 1 });
  const all = { namespace: '*' };
  expect((await root.must('op.store.list', all))['items']).toEqual([
    { namespace: 'Carts', key: 'a', version: 2 },
    { namespace: 'default', key: 'b', version: 3 },
    { namespace: 'jobs', key: 'a', version: 1 },
  ]);
  expect(await alice.command('op.store.list', all)).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
  expect(await root.command('op.store.get', { ...all, key: 'a' })).toMatchObject({ error_code: 'VALIDATION_ERROR' });
  expect((await rival.must('op.store.list', all))['items']).toEqual([]);
});

it('[STO-1] changes are told in order to who watches, at whatever Shield, what expires too', async () => {
  // Who waits for a reply drops what comes before it, so a third one writes.
  const [alice, bob, carol] = [await enter(), await enter({ user: 'bob' }), await enter({ user: 'carol' })];
  const foreign = await enter({ tenant: `${tenants.tenant}-other`, user: 'eve' });
  await carol.must('op.store.set', { key: 'cart/1', value: 'before' });
  expect(await bob.must('op.store.watch', { prefix: 'cart/' })).toEqual({
    namespace: 'default',
    version: 1,
    complete: true,
  });
  await alice.must('op.store.watch', { key: 'cart/2' });
  await foreign.must('op.store.watch', { prefix: '' });
  await carol.must('op.store.set', { key: 'cart/2', value: { n: 1 }, ttl_seconds: 1 });
  await carol.must('op.store.set', { key: 'other', value: 1 });
  await carol.must('op.store.increment', { key: 'cart/3' });
  await carol.must('op.store.delete', { key: 'cart/3' });
  const brief = {
    event: 'store',
    namespace: 'default',
    key: 'cart/2',
    version: 2,
    value: { n: 1 },
    expires_at: expect.any(String),
  };
  const gone = { event: 'store', namespace: 'default', key: 'cart/2', version: 6, deleted: true };
  // Who watches a prefix is told which.
  const ofPrefix = [
    brief,
    { event: 'store', namespace: 'default', key: 'cart/3', version: 4, value: 1 },
    { event: 'store', namespace: 'default', key: 'cart/3', version: 5, deleted: true },
    gone,
  ].map((change) => ({ ...change, prefix: 'cart/' }));
  expect(await changes(bob, 4)).toEqual(ofPrefix);
  expect(await changes(alice, 2)).toEqual([brief, gone]);
  expect(await carol.must('op.store.get', { key: 'cart/2' })).toEqual({ found: false });
  expect(await bob.must('op.store.unwatch', { prefix: 'cart/' })).toEqual({ unwatched: true });
  expect(await bob.must('op.store.unwatch', { prefix: 'cart/' })).toEqual({ unwatched: false });
  // Whoever was away names what was seen last, and hears the rest first.
  await carol.must('op.store.set', { key: 'cart/1', value: 'after' });
  const back = await bob.must('op.store.watch', { prefix: 'cart/', after: 4 });
  expect(back).toMatchObject({ version: 7, complete: true });
  await carol.must('op.store.set', { key: 'cart/1', value: 'last' });
  expect((await changes(bob, 4)).map(({ key, version, value }) => [key, version, value])).toEqual([
    ['cart/3', 5, undefined],
    ['cart/2', 6, undefined],
    ['cart/1', 7, 'after'],
    ['cart/1', 8, 'last'],
  ]);
  const other = await enter({ tenant: `${tenants.tenant}-other`, user: 'mallory' });
  await other.must('op.store.set', { key: 'own', value: 1 });
  expect(await changes(foreign, 1)).toMatchObject([{ key: 'own' }]);
});

it('[STO-1] [PRD-5] what is too much is refused with the limit, and less helps', async () => {
  const alice = await enter();
  for (let key = 0; key < 12; key += 1)
    await alice.must('op.store.set', { key: `k${key}`, value: key, ttl_seconds: 60 });
  const more = await alice.command('op.store.set', { key: 'more', value: 1 });
  expect([more.error_code, JSON.stringify(more)]).toEqual(['QUOTA_EXCEEDED', expect.stringContaining('12 keys')]);
  expect(await codeOf(alice, 'op.store.increment', { key: 'more' })).toMatchObject(['QUOTA_EXCEEDED', {}]);
  await alice.must('op.store.delete', { key: 'k0' });
  const big = await alice.command('op.store.set', { key: 'more', value: 'x'.repeat(41_000) });
  expect([big.error_code, JSON.stringify(big)]).toEqual(['QUOTA_EXCEEDED', expect.stringContaining('40000 bytes')]);
  for (const key of ['a', 'b', 'c']) await alice.must('op.store.watch', { key });
  expect(await codeOf(alice, 'op.store.watch', { key: 'd' })).toMatchObject(['QUOTA_EXCEEDED', {}]);
  expect(await alice.must('op.store.watch', { key: 'c' })).toMatchObject({ complete: true });
});

it('[STO-1] [PRD-3] bad input is refused with the field that is wrong', async () => {
  const alice = await enter();
  await alice.must('op.store.set', { key: 'text', value: '5' });
  expect(await codeOf(alice, 'op.store.set', { key: '', value: 1 })).toEqual(field('args.key'));
  expect(await codeOf(alice, 'op.store.set', { key: 'a\u0000b', value: 1 })).toEqual(field('args.key'));
  expect(await codeOf(alice, 'op.store.set', { key: 'ä'.repeat(129), value: 1 })).toEqual(field('args.key'));
  expect(await codeOf(alice, 'op.store.set', { key: 'a' })).toEqual(field('args.value'));
  expect(await codeOf(alice, 'op.store.set', { key: 'a', value: 1, namespace: 'a/../b' })).toEqual(
    field('args.namespace'),
  );
  expect(await codeOf(alice, 'op.store.set', { key: 'a', value: 1, ttl_seconds: 0 })).toEqual(
    field('args.ttl_seconds'),
  );
  expect(await codeOf(alice, 'op.store.set', { key: 'a', value: 1, if_version: -1 })).toEqual(field('args.if_version'));
  expect(await codeOf(alice, 'op.store.increment', { key: 'a', by: 1.5 })).toEqual(field('args.by'));
  expect(await codeOf(alice, 'op.store.increment', { key: 'text' })).toMatchObject(['VALIDATION_ERROR', {}]);
  expect(await codeOf(alice, 'op.store.watch', {})).toEqual(field('args.key'));
  expect(await codeOf(alice, 'op.store.watch', { key: 'a', prefix: 'a' })).toEqual(field('args.key'));
  expect(await codeOf(alice, 'op.store.list', { cursor: '%' })).toMatchObject(['VALIDATION_ERROR', {}]);
});

it('[STO-1] [PRM-5] a grant closes a namespace, and ends what watches it', async () => {
  const [admin, alice] = [await enter({ user: 'root', role: 'admin' }), await enter()];
  await alice.must('op.store.watch', { prefix: '', namespace: 'secrets' });
  await admin.must('op.grant.put', {
    subject: 'role:user',
    action: 'operate',
    pattern: 'store:secrets',
    effect: 'deny',
  });
  expect((await alice.nextSystem('store')).payload).toMatchObject({ namespace: 'secrets', ended: 'rights' });
  expect(await codeOf(alice, 'op.store.get', { key: 'a', namespace: 'secrets' })).toMatchObject([
    'AUTHORIZATION_ERROR',
    {},
  ]);
  expect(await alice.must('op.store.get', { key: 'a' })).toEqual({ found: false });
  expect(await admin.must('op.store.set', { key: 'a', namespace: 'secrets', value: 1 })).toMatchObject({ version: 1 });
});

it('[STO-1] [CLI-1] the command line keeps, reads, lists, counts, deletes and watches', PROCESSES, async () => {
  const env = { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: await bus.token({ tenant: tenants.tenant }) };
  const store = async (...args: string[]): Promise<readonly [number | null, string]> => {
    const run = runArqon(['store', ...args], env);
    return [await run.exited, `${run.stdout()}${run.stderr()}`];
  };
  await expect.poll(() => bus.metric('arqonbus_store_watches')).toBe(0);
  const watching = runArqon(['store', 'watch', 'cart/', '--prefix', '--limit', '3'], env);
  onTestFinished(() => void watching.process.kill());
  await expect.poll(() => bus.metric('arqonbus_store_watches'), { timeout: 10_000 }).toBe(1);
  expect(await store('get', 'cart/7')).toEqual([1, 'arqon: there is no such value\n']);
  expect(await store('set', 'cart/7', '{"items":[1]}', '--if-version', '0')).toEqual([0, '1\n']);
  expect(await store('set', 'cart/7', 'late', '--if-version', '0')).toEqual([1, expect.stringMatching(/^arqon: /)]);
  const [, read] = await store('get', 'cart/7', '--json');
  expect(JSON.parse(read)).toEqual({ found: true, value: { items: [1] }, version: 1 });
  expect(await store('increment', 'cart/n', '--by', '5')).toEqual([0, '5\n']);
  expect(await store('list', 'cart/')).toEqual([0, 'cart/7  1\ncart/n  2\n']);
  expect(await store('delete', 'cart/7')).toEqual([0, 'deleted\n']);
  expect(await store('set', 'a', '1', '--ttl', 'soon')).toEqual([2, expect.stringMatching(/^arqon: /)]);
  expect(await watching.exited).toBe(0);
  expect(watching.stdout()).toBe('cart/7  1  {"items":[1]}\ncart/n  2  5\ncart/7  3  deleted\n');
});
