import { startWebhookSink } from '@arqonbus/testkit';
import type { SinkRequest, WebhookSink } from '@arqonbus/testkit';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// What happens on the bus is posted to receivers of tenants (WHK-1 to WHK-4). Combinations: services/brain/src/webhooks.

let bus: Bus;
let sink: WebhookSink;
const clients: JsonClient[] = [];

beforeAll(async () => {
  bus = await startBus({ ...roomyLimits, ARQONBUS_WEBHOOKS_RETRY_AFTER_SECONDS: '0.3,0.6,5' });
});

beforeEach(async () => {
  sink = await startWebhookSink();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.end();
  await sink.close();
});

afterAll(() => bus.stop());

async function enter(tenant: string, user: string, role: 'admin' | 'user' = 'user'): Promise<JsonClient> {
  const client = await bus.connect({ tenant, user, role });
  clients.push(client);
  return client;
}

interface Told {
  readonly type: string;
  readonly data: { readonly room?: string; readonly message: { readonly payload: unknown; readonly seq: number } };
}

/** What came, once each signature was checked. */
function told(requests: readonly SinkRequest[], secret: string): readonly Told[] {
  return requests.map(({ headers, body }) => new Webhook(secret).verify(body, { ...headers }) as Told);
}

const patient = { timeout: 10_000 };

const idOf = ({ headers }: SinkRequest): string => headers['webhook-id'] ?? '';

test('[WHK-1] [WHK-2] [WHK-3] a receiver that fails for a while gets everything in the end, once by id and signed, in its tenant alone', async () => {
  const [alice, bob] = [await enter('acme', 'alice'), await enter('acme', 'bob')];
  const foreign = await enter('globex', 'carol');
  for (const client of [alice, bob, foreign]) await client.must('join_channel', { room: 'lab', channel: 'bench' });
  const { webhook_id: webhookId, secret } = await alice.must('op.webhook.register', {
    url: sink.url,
    room: 'lab',
    channel: 'bench',
    description: 'e2e',
  });
  const warm = async (): Promise<number> => {
    await bob.publish('lab:bench', { text: 'warm' });
    return sink.requests.length;
  };
  await expect.poll(warm, patient).toBeGreaterThan(0);
  sink.answer(({ body, headers }) => (body.includes('first') && headers['webhook-attempt'] === '1' ? 503 : 204));
  await foreign.publish('lab:bench', { text: 'canary of globex' });
  for (const text of ['first', 'second', 'third']) await bob.publish('lab:bench', { text });
  const texts = (): string[] => {
    const seen = new Map(
      told(sink.requests, String(secret)).map((event, n) => [idOf(sink.requests[n] as SinkRequest), event]),
    );
    return [...seen.values()].map(({ data }) => (data.message.payload as { text: string }).text);
  };
  await expect
    .poll(() => sink.requests.filter(({ body }) => body.includes('first')).length, patient)
    .toBeGreaterThan(1);
  const others = (): string[] => texts().filter((text) => text !== 'warm');
  await expect.poll(() => others().toSorted(), patient).toEqual(['first', 'second', 'third']);
  expect(sink.requests.some(({ body }) => body.includes('canary'))).toBe(false);
  const all = told(sink.requests, String(secret));
  expect(all.every(({ type, data }) => type === 'message' && data.room === 'lab' && data.message.seq > 0)).toBe(true);
  const deliveries = async (): Promise<unknown> =>
    (await alice.must('op.webhook.deliveries', { webhook_id: webhookId }))['items'];
  const retried = expect.objectContaining({ status: 'delivered', http_status: 204, attempt: 2 });
  await expect.poll(deliveries, patient).toContainEqual(retried);
  expect(await bob.must('op.webhook.list')).toEqual({ items: [] });
  expect(await alice.must('op.webhook.unregister', { webhook_id: webhookId })).toEqual({ unregistered: true });
});

test('[WHK-2] [PRD-5] L-12: a receiver that answers into its own channel ends after four rounds', async () => {
  const [ann, echo] = [await enter('circle', 'ann'), await enter('circle', 'echo')];
  for (const client of [ann, echo]) await client.must('join_channel', { room: 'lab', channel: 'loop' });
  const { secret } = await ann.must('op.webhook.register', { url: sink.url, room: 'lab', channel: 'loop' });
  const warm = async (): Promise<number> => {
    await ann.publish('lab:loop', 'warm');
    return sink.requests.length;
  };
  await expect.poll(warm, patient).toBeGreaterThan(0);
  let answered: Promise<unknown> = Promise.resolve();
  let answers = 0;
  sink.answer(({ body }) => {
    const { payload, headers = {} } = (JSON.parse(body) as { data: { message: Looped } }).data.message;
    if (payload !== 'round') return 204;
    const hops = Number(headers['x-arqon-hops'] ?? 0) + 1;
    answers += 1;
    answered = answered.then(() => echo.publish('lab:loop', 'round', { headers: { 'x-arqon-hops': String(hops) } }));
    return 204;
  });
  await ann.publish('lab:loop', 'round');
  const payloads = (): unknown[] => told(sink.requests, String(secret)).map(({ data }) => data.message.payload);
  const rounds = (): number => payloads().filter((payload) => payload === 'round').length;
  await expect.poll(() => answers, patient).toBe(4);
  await answered;
  // A channel's first attempts are in order: once this is there, nothing of before is on its way.
  await ann.publish('lab:loop', 'after');
  await expect.poll(payloads, patient).toContain('after');
  expect([rounds(), answers]).toEqual([4, 4]);
});

interface Looped {
  readonly payload: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

test(
  '[WHK-3] [PRD-4] what was given up, and what was delivered, is delivered again with its id, by its owner alone',
  { timeout: 60_000 },
  async () => {
    const [alice, mallory] = [await enter('again', 'alice'), await enter('elsewhere', 'mallory')];
    await alice.must('join_channel', { room: 'lab', channel: 'bench' });
    const wish = { url: sink.url, room: 'lab', channel: 'bench' };
    const { webhook_id } = await alice.must('op.webhook.register', wish);
    const warm = async (): Promise<number> => {
      await alice.publish('lab:bench', { text: 'warm' });
      return sink.requests.length;
    };
    await expect.poll(warm, patient).toBeGreaterThan(0);
    sink.answer(({ body }) => (body.includes('lost') ? 500 : 204));
    await alice.publish('lab:bench', { text: 'lost' });
    const listDead = async (): Promise<readonly Record<string, unknown>[]> =>
      (await alice.must('op.webhook.dlq.list', { webhook_id }))['items'] as Record<string, unknown>[];
    await expect.poll(listDead, { timeout: 30_000 }).toMatchObject([{ status: 'dead', http_status: 500 }]);
    const [{ delivery_id } = {}] = await listDead();
    const of = { webhook_id, delivery_id };
    for (const name of ['op.webhook.replay', 'op.webhook.dlq.replay'])
      expect((await mallory.command(name, of)).error_code).toBe('NOT_FOUND');

    sink.answer(() => 204);
    const lost = (): readonly SinkRequest[] => sink.requests.filter(({ body }) => body.includes('lost'));
    const tried = lost().length;
    expect(await alice.must('op.webhook.dlq.replay', { webhook_id })).toEqual({ replayed: 1 });
    await expect.poll(() => lost().length, patient).toBe(tried + 1);
    await expect.poll(listDead, patient).toEqual([]);
    const delivered = { delivery_id, status: 'delivered', http_status: 204 };
    const listAll = async (): Promise<unknown> => (await alice.must('op.webhook.deliveries', { webhook_id }))['items'];
    await expect.poll(listAll, patient).toContainEqual(expect.objectContaining(delivered));
    expect(await alice.must('op.webhook.replay', of)).toEqual({ replayed: 1 });
    await expect.poll(() => lost().length, patient).toBe(tried + 2);
    expect(new Set(lost().map(idOf)).size).toBe(1);
    await alice.must('op.webhook.unregister', { webhook_id });
  },
);

test('[WHK-2] channels and their members are told of: made, come, gone, vacated and deleted, in their tenant alone', async () => {
  const [alice, bob] = [await enter('acme', 'alice'), await enter('acme', 'bob', 'admin')];
  const foreign = await enter('globex', 'carol');
  const events = ['presence', 'channel_created', 'channel_vacated', 'channel_deleted'];
  const registered = await alice.must('op.webhook.register', { url: sink.url, room: 'hall', events });
  const secret = String(registered['secret']);
  // A Brain that does not know the webhook yet tells it nothing: so channels are made until it does.
  let made = 0;
  const make = async (): Promise<number> => {
    await bob.must('create_channel', { room: 'hall', channel: `warm-${(made += 1)}` });
    return sink.requests.length;
  };
  await expect.poll(make, patient).toBeGreaterThan(0);
  const target = { room: 'hall', channel: 'stage' };
  for (const client of [foreign, bob]) await client.must('join_channel', target);
  interface Member {
    readonly user: string;
  }
  interface Body {
    readonly type: string;
    readonly data: { readonly channel: string; readonly presence?: { readonly joins: readonly Member[] } };
  }
  const bodies = (): readonly Body[] =>
    sink.requests.map(({ headers, body }) => new Webhook(secret).verify(body, { ...headers }) as Body);
  const ofStage = (): readonly Body[] => bodies().filter(({ data }) => data.channel === 'stage');
  const usersWhoCame = (): readonly string[] =>
    ofStage().flatMap(({ data }) => data.presence?.joins.map(({ user }) => user) ?? []);
  await expect.poll(usersWhoCame, patient).toEqual(['bob']);
  await bob.must('leave_channel', target);
  await expect.poll(() => ofStage().map(({ type }) => type), patient).toContain('channel_vacated');
  await bob.must('delete_channel', target);
  const types = ['channel_created', 'channel_deleted', 'channel_vacated', 'presence', 'presence'];
  await expect
    .poll(
      () =>
        ofStage()
          .map(({ type }) => type)
          .toSorted(),
      patient,
    )
    .toEqual(types);
  expect(usersWhoCame()).toEqual(['bob']);
  expect(new Set(sink.requests.map(idOf)).size).toBe(sink.requests.length);
  await alice.must('op.webhook.unregister', { webhook_id: registered['webhook_id'] });
});

test('[CLI-1] [WHK-1] a webhook is made, shown and given a new secret by the command line', async () => {
  const token = await bus.token({ tenant: 'shells', user: 'ann' });
  const run = async (...args: readonly string[]): Promise<string> => {
    const arqon = runArqon(['webhook', ...args, '--ws-url', bus.wsUrl, '--jwt', token]);
    const code = await arqon.exited;
    expect([args, code, arqon.stderr()]).toEqual([args, 0, '']);
    return arqon.stdout();
  };
  const wish = ['--events', 'presence,channel_vacated', '--header', 'x-team: core', '--json'];
  const registered = JSON.parse(await run('register', sink.url, 'lab:bench', ...wish)) as Record<string, string>;
  const { webhook_id: id = '', secret } = registered;
  expect(registered).toMatchObject({ room: 'lab', channel: 'bench', headers: ['x-team'], owner: 'ann' });
  expect(secret).toMatch(/^whsec_/);
  const [listed, rotated] = await Promise.all([run('list'), run('rotate-secret', id, '--json')]);
  expect(listed).toContain(`${id}  lab:bench  presence,channel_vacated  ${sink.url}  active, of ann`);
  expect(JSON.parse(rotated)).toMatchObject({ webhook_id: id, secret: expect.not.stringContaining(secret ?? '-') });
});

test('[WHK-1] [WHK-4] what may not be waited for, or may not be reached, is refused', async () => {
  const alice = await enter('acme', 'alice');
  const url = sink.url;
  for (const [args, code] of [
    [{ url }, 'AUTHORIZATION_ERROR'],
    [{ url, room: 'lab', events: ['casil'] }, 'AUTHORIZATION_ERROR'],
    [{ url, room: 'integriguard', channel: 'telemetry-stream' }, 'AUTHORIZATION_ERROR'],
    [{ url: 'http://169.254.169.254/latest/meta-data', room: 'lab' }, 'VALIDATION_ERROR'],
    [{ url: 'http://0x0a000001/', room: 'lab' }, 'VALIDATION_ERROR'],
    [{ url: 'http://[::ffff:10.0.0.1]/', room: 'lab' }, 'VALIDATION_ERROR'],
    [{ url: 'ftp://hooks.example/', room: 'lab' }, 'VALIDATION_ERROR'],
    [{ url: 'http://alice:pw@127.0.0.1/', room: 'lab' }, 'VALIDATION_ERROR'],
    [{ url, room: 'lab', secret: 'hunter2' }, 'VALIDATION_ERROR'],
  ] as const) {
    expect([args, (await alice.command('op.webhook.register', args)).error_code]).toEqual([args, code]);
  }
});
