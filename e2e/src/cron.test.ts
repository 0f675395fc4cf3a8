import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

let bus: Bus;
const clients: JsonClient[] = [];
const target = { room: 'lab', channel: 'bench' };

beforeAll(async () => {
  bus = await startBus({ ARQONBUS_LIMITS_CRON_JOBS_PER_TENANT: '3' });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});

afterAll(() => bus.stop());

async function enter(tenant: string, user: string, role: 'admin' | 'user' = 'user'): Promise<JsonClient> {
  const client = await bus.connect({ tenant, user, role });
  clients.push(client);
  await client.must('join_channel', target);
  return client;
}

const schedule = (client: JsonClient, more: object): Promise<Frame['payload']> =>
  client.must('op.cron.schedule', { ...target, payload: { text: 'Größe \u{1f680}' }, ...more });

const runsOf = async (client: JsonClient, jobId: unknown): Promise<readonly object[]> =>
  (await client.must('op.cron.runs', { job_id: jobId }))['items'] as readonly object[];

test('[CRN-1] [CRN-3] a schedule publishes to its tenant as op-cron, in time, again and again, also without its owner', async () => {
  const owner = await enter('acme', 'ann');
  const [reader, foreign] = [await enter('acme', 'bob'), await enter('globex', 'carol')];
  const job = await schedule(owner, { interval_seconds: 1, repeat_count: 2, name: 'twice' });
  expect(job).toMatchObject({ owner: 'ann', status: 'active', iteration: 0, misfire: 'once', interval_seconds: 1 });
  owner.end();
  const events = [await reader.nextEvent(), await reader.nextEvent()];
  for (const [index, event] of events.entries()) {
    expect(event).toMatchObject({
      ...target,
      sender: 'op-cron',
      payload: { text: 'Größe \u{1f680}' },
      metadata: { cron_job_id: job['job_id'], iteration: index + 1, scheduled_at: expect.any(String) },
    });
  }
  const moments = events.map(({ metadata }) => Date.parse((metadata as { scheduled_at: string }).scheduled_at));
  expect(moments).toEqual([Date.parse(String(job['next_at'])), Date.parse(String(job['next_at'])) + 1_000]);
  const again = await enter('acme', 'ann');
  await expect.poll(() => runsOf(again, job['job_id'])).toMatchObject([{ state: 'fired' }, { state: 'fired' }]);
  expect(await again.must('op.cron.get', { job_id: job['job_id'] })).toMatchObject({ status: 'done', iteration: 2 });
  // Whatever had come to the other tenant would be there before this.
  await foreign.publish('lab:bench', { n: 1 }, { echo: true });
  await schedule(foreign, { delay_seconds: 1 });
  expect(await foreign.nextEvent()).toMatchObject({ sender: 'op-cron', metadata: { iteration: 1 } });
});

test('[CRN-1] [PRD-4] [PRD-5] one sees one’s own, an administrator the tenant’s, and there may be so many', async () => {
  const [ann, ben, root] = [
    await enter('owners', 'ann'),
    await enter('owners', 'ben'),
    await enter('owners', 'root', 'admin'),
  ];
  const foreign = await enter('strangers', 'root', 'admin');
  const job = await schedule(ann, { cron: '30 9 * * 1-5', timezone: 'Europe/Berlin' });
  const jobId = job['job_id'];
  await schedule(ben, { interval_seconds: 3_600 });
  const listed = async (client: JsonClient): Promise<readonly string[]> =>
    ((await client.must('op.cron.list'))['items'] as { owner: string }[]).map(({ owner }) => owner).toSorted();
  expect([await listed(ann), await listed(ben), await listed(root), await listed(foreign)]).toEqual([
    ['ann'],
    ['ben'],
    ['ann', 'ben'],
    [],
  ]);
  for (const client of [ben, foreign]) {
    for (const command of ['get', 'cancel', 'pause', 'resume', 'runs']) {
      expect(await client.command(`op.cron.${command}`, { job_id: jobId })).toMatchObject({ error_code: 'NOT_FOUND' });
    }
  }
  expect(await root.must('op.cron.pause', { job_id: jobId })).toMatchObject({ status: 'paused', owner: 'ann' });
  expect(await ann.must('op.cron.resume', { job_id: jobId })).toMatchObject({
    status: 'active',
    next_at: job['next_at'],
  });
  const { items } = await root.must('op.audit.list');
  expect((items as { action: string; phase: string }[]).map(({ action, phase }) => `${action} ${phase}`)).toEqual([
    'op.cron.pause intent',
    'op.cron.pause done',
  ]);
  await schedule(ben, { delay_seconds: 3_600 });
  expect(await ann.command('op.cron.schedule', { ...target, payload: 1, delay_seconds: 1 })).toMatchObject({
    error_code: 'QUOTA_EXCEEDED',
  });
});

test('[CLI-1] [CRN-1] the command line makes, shows and ends a schedule', { timeout: 60_000 }, async () => {
  const env = { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: await bus.token({ tenant: 'shell', user: 'ann' }) };
  const cron = async (...args: string[]): Promise<readonly [number | null, string]> => {
    const run = runArqon(['cron', ...args], env);
    return [await run.exited, `${run.stdout()}${run.stderr()}`];
  };
  const [code, text] = await cron(
    'schedule',
    'lab:bench',
    '{"n":1}',
    '--cron',
    '0 9 * * 1',
    '--name',
    'weekly',
    '--json',
  );
  const made = JSON.parse(text) as Readonly<Record<string, unknown>>;
  expect([code, made]).toEqual([0, expect.objectContaining({ name: 'weekly', cron: '0 9 * * 1', status: 'active' })]);
  const line = `${String(made['job_id'])}  lab:bench  0 9 * * 1 (UTC)  active  fired 0  next ${String(made['next_at'])}\n`;
  expect(await cron('list')).toEqual([0, line]);
  // What is wrong is named, else nobody knows what to write instead.
  const refusal =
    'arqon: The request is malformed: cron or delay_seconds or interval_seconds is needed, and one alone\n';
  expect(await cron('schedule', 'lab:bench', '1')).toEqual([1, refusal]);
  const [usage, said] = await cron('schedule', 'lab:bench:two', '1', '--delay', '5');
  expect([usage, said]).toEqual([2, expect.stringContaining('a channel is named room:channel.')]);
  const [cancelled, told] = await cron('cancel', String(made['job_id']), '--json');
  expect([cancelled, JSON.parse(told)]).toEqual([0, expect.objectContaining({ status: 'cancelled' })]);
});

test('[CRN-3] [SAF-3] what its owner may not publish by then is refused, and the schedule goes on', async () => {
  const [ann, root] = [await enter('rights', 'ann'), await enter('rights', 'root', 'admin')];
  const job = await schedule(ann, { interval_seconds: 1 });
  expect(await root.nextEvent()).toMatchObject({ sender: 'op-cron' });
  const deny = { subject: 'user:ann', action: 'publish', pattern: 'lab:*', effect: 'deny' };
  const grant = await root.must('op.grant.put', deny);
  const states = async (): Promise<readonly string[]> =>
    (await runsOf(ann, job['job_id'])).map((run) => Object.values(run).join(' '));
  await expect.poll(states, { timeout: 10_000 }).toContainEqual(expect.stringContaining('refused AUTHORIZATION_ERROR'));
  await root.must('op.grant.delete', grant);
  await expect.poll(async () => (await states())[0], { timeout: 10_000 }).toContain('fired');
  const refused = (await bus.scrapes()).join('\n').match(/^arqonbus_cron_refused_total [1-9]/m);
  expect(refused).not.toBeNull();
});

test('[CRN-3] [CRN-1] a payload is published and shown as it was written, with numbers that no double holds and members in their order', async () => {
  const [ann, reader] = [await enter('numbers', 'ann'), await enter('numbers', 'bob')];
  const payload = '{"b":9223372036854775807,"a":1.0,"2":[0]}';
  const args = `{"room":"lab","channel":"bench","delay_seconds":1,"payload":${payload}}`;
  ann.socket.sendText(`{"id":"arq_numbers-01","type":"command","command":"op.cron.schedule","args":${args}}`);
  const told = await reader.socket.next(({ payload: frame }) => frame.toString().includes('op-cron'));
  expect(told.payload.toString()).toContain(`"payload":${payload}`);
  const { items } = (await ann.must('op.cron.list')) as { readonly items: readonly { readonly job_id: string }[] };
  const get = { id: 'arq_numbers-02', type: 'command', command: 'op.cron.get', args: { job_id: items[0]?.job_id } };
  ann.send(get);
  const shown = await ann.socket.next(({ payload: frame }) => frame.toString().includes('arq_numbers-02'));
  expect(shown.payload.toString()).toContain(`"payload":${payload}`);
});

test('[CRN-1] what makes no schedule is refused with the field', async () => {
  const ann = await enter('acme', 'ann');
  for (const [more, field] of [
    [{}, 'args.cron'],
    [{ cron: '* * * * *', delay_seconds: 1 }, 'args.cron'],
    [{ interval_seconds: 0 }, 'args.interval_seconds'],
    [{ interval_seconds: 5, timezone: 'UTC' }, 'args.timezone'],
    [{ delay_seconds: 5, repeat_count: 2 }, 'args.repeat_count'],
    [{ delay_seconds: 5, misfire: 'never' }, 'args.misfire'],
    [{ delay_seconds: 5, channel: '*' }, 'args.channel'],
  ] as const) {
    expect(await ann.command('op.cron.schedule', { ...target, payload: 1, ...more })).toMatchObject({
      error_code: 'VALIDATION_ERROR',
      payload: { errors: [{ field }] },
    });
  }
  for (const [cron, timezone, text] of [
    ['61 * * * *', 'UTC', 'expression'],
    ['* * * * *', 'Mars/Base', 'timezone'],
    ['0 0 30 2 *', 'UTC', 'never'],
  ] as const) {
    const answer = await ann.command('op.cron.schedule', { ...target, payload: 1, cron, timezone });
    expect([answer.error_code, String(answer['error'])]).toEqual(['VALIDATION_ERROR', expect.stringContaining(text)]);
  }
});
