import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTenants } from './harness/fresh-tenants.ts';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { nextTask } from './harness/next-task.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Content that is inspected at the edge (05, "CASIL").

const awsKey = ['AKIA', 'Q3EGRZ7XUWL5P2MN'].join('');
const card = '4111 1111 1111 1111';
const prose = 'The word token is no secret: we saved 12 tokens, and a password in prose is none either.';
const OPERATOR = 'op-4f1d7a90c2e84b6f9d35aa01e7c8b264';

let bus: Bus;
const tenants = freshTenants(() => bus);
const { enter } = tenants;

/** One who writes and one who reads, in a cluster at two Shields. */
async function enterLab(order = {}): Promise<readonly [JsonClient, JsonClient]> {
  const pair = [await enter({ user: 'alice', ...order }), await enter({ user: 'bob', ...order })] as const;
  for (const client of pair) await client.must('join_channel', { room: 'lab', channel: 'bench' });
  return pair;
}

describe('enforcing', () => {
  beforeAll(async () => {
    bus = await startBus({
      ARQONBUS_CASIL_ENABLED: 'true',
      ARQONBUS_CASIL_MODE: 'enforce',
      ARQONBUS_CASIL_SCOPE_EXCLUDE: 'open:*',
      ARQONBUS_CASIL_METADATA_TO_ENVELOPE: 'true',
      ARQONBUS_TELEMETRY_LOG_LEVEL: 'debug',
    });
  });
  afterAll(() => bus.stop());

  it('[CAS-5] [SAF-2] a key is refused with its code, and goes nowhere: not to readers, history, telemetry or logs', async () => {
    const [alice, bob] = await enterLab();
    const admin = await enter({ user: 'root', role: 'admin' });
    await admin.must('join_channel', { room: 'integriguard', channel: 'telemetry-stream' });
    const reply = await alice.publish('lab:bench', { text: `use ${awsKey}` });
    expect(reply).toMatchObject({
      type: 'error',
      error_code: 'CASIL_POLICY_BLOCKED_SECRET',
      payload: { errors: [{ field: 'payload/text', problem: 'holds aws_access_key_id' }] },
    });
    expect(await alice.publish('lab:bench', { text: prose })).toMatchObject({ status: 'success' });
    expect((await bob.nextEvent()).payload).toEqual({ text: prose });
    const told = await admin.next(({ payload }) => payload['eventType'] === 'casil_decision');
    expect(told.payload).toMatchObject({
      decision: 'BLOCK',
      reason_code: 'CASIL_POLICY_BLOCKED_SECRET',
      detectors: ['aws_access_key_id'],
      room: 'lab',
      channel: 'bench',
    });
    const { publications } = await bob.must('history', { room: 'lab', channel: 'bench' });
    expect(publications).toHaveLength(1);
    expect(JSON.stringify([told, publications, reply])).not.toContain(awsKey);
    expect(bus.log()).toContain('casil_decision');
    expect(bus.log()).not.toContain(awsKey);
    expect((await bus.scrapes()).join('')).not.toContain(awsKey);
  });

  it('[CAS-6] [CAS-8] a card number arrives masked, and the envelope says so', async () => {
    const [alice, bob] = await enterLab();
    expect(await alice.publish('lab:bench', { text: `card ${card}`, n: 1 })).toMatchObject({ status: 'success' });
    const event = await bob.nextEvent();
    expect(event.payload).toEqual({ text: 'card ***REDACTED***', n: 1 });
    expect(event['metadata']).toMatchObject({
      casil: { decision: 'ALLOW_WITH_REDACTION', flags: ['contains_pii'], kind: 'data', risk_level: 'high' },
    });
    const { publications } = await bob.must('history', { room: 'lab', channel: 'bench' });
    expect(JSON.stringify(publications)).not.toContain('4111');
  });

  it('[SAF-3] private messages, telemetry and arguments of commands are inspected, and what is out of scope is not', async () => {
    const [alice, bob] = await enterLab();
    const send = async (frame: object): Promise<unknown> => {
      alice.send({ id: `arq_casil-${++sent}`.padEnd(20, '0'), ack: true, ...frame });
      return (await alice.nextError()).error_code;
    };
    let sent = 0;
    expect(await send({ type: 'private', to: bob.clientId, payload: { awsKey } })).toBe('CASIL_POLICY_BLOCKED_SECRET');
    const telemetry = { eventType: 'note', payload: { awsKey } };
    expect(await send({ type: 'telemetry', ...telemetry })).toBe('CASIL_POLICY_BLOCKED_SECRET');
    const status = await alice.command('set_status', { status: 'busy', meta: { note: awsKey } });
    expect(status.error_code).toBe('CASIL_POLICY_BLOCKED_SECRET');
    const join = await alice.command('join_channel', { room: awsKey, channel: 'x' });
    expect(join.error_code).toBe('CASIL_POLICY_BLOCKED_SECRET');
    await alice.must('join_channel', { room: 'open', channel: 'bench' });
    expect(await alice.publish('open:bench', { awsKey })).toMatchObject({ status: 'success' });
    const token = await bus.token({ tenant: tenants.tenant, user: 'alice' });
    expect(await alice.command('refresh', { token })).toMatchObject({ status: 'success' });
  });

  it('[SAF-3] tasks and their results are inspected, and what is redacted arrives so', async () => {
    const [alice, worker] = [await enter({ user: 'alice' }), await enter({ user: 'worker' })];
    await worker.must('operator.join', { group: 'lab' });
    const blocked = { error_code: 'CASIL_POLICY_BLOCKED_SECRET' };
    expect(await alice.command('task.submit', { group: 'lab', payload: { awsKey } })).toMatchObject(blocked);
    const { task_id } = await alice.must('task.submit', { group: 'lab', payload: { text: `card ${card}` } });
    expect((await nextTask(worker, 'assigned')).payload['payload']).toEqual({ text: 'card ***REDACTED***' });
    for (const name of ['task.progress', 'task.result', 'task.fail'])
      expect(await worker.command(name, { task_id, payload: { awsKey } })).toMatchObject(blocked);
    await worker.must('task.result', { task_id, payload: { password: 'hunter2' } });
    expect((await nextTask(alice, 'done')).payload['payload']).toEqual({ password: '***REDACTED***' });
  });

  it('[SAF-6] content that is no text is refused, whatever it holds', async () => {
    const [alice] = await enterLab();
    const image = { payload: 'iVBORw0KGgo=', content_type: 'image/png' };
    expect(await alice.publish('lab:bench', undefined, image)).toMatchObject({ error_code: 'CASIL_INTERNAL_ERROR' });
  });
});

describe('monitoring', () => {
  beforeAll(async () => {
    bus = await startBus({ ARQONBUS_CASIL_ENABLED: 'true', ARQONBUS_HTTP_ADMIN_TOKEN: OPERATOR });
  });
  afterAll(() => bus.stop());

  it('[CAS-1] [CAS-9] changes nothing, until one command of an administrator enforces, at every Shield and in one tenant', async () => {
    const [alice, bob] = await enterLab();
    const foreign = await enterLab({ tenant: `${tenants.tenant}-other` });
    const admin = await enter({ user: 'root', role: 'admin' });
    const payload = { text: `${awsKey} ${card}`, password: 'hunter2' };
    expect(await alice.publish('lab:bench', payload)).toMatchObject({ status: 'success' });
    expect((await bob.nextEvent()).payload).toEqual(payload);
    const changed = await admin.must('op.casil.reload', { mode: 'enforce', detectors: { email: 'redact' } });
    expect(changed).toMatchObject({ settings: { enabled: true, mode: 'enforce' }, revision: expect.any(Number) });
    const changedAt = performance.now();
    for (const client of [alice, bob]) {
      await expect
        .poll(async () => (await client.publish('lab:bench', { text: awsKey })).error_code)
        .toBe('CASIL_POLICY_BLOCKED_SECRET');
    }
    expect(performance.now() - changedAt).toBeLessThan(1_000);
    expect(await admin.must('op.casil.get')).toEqual(changed);
    const [carol, dave] = foreign;
    expect(await carol.publish('lab:bench', payload)).toMatchObject({ status: 'success' });
    expect((await dave.nextEvent()).payload).toEqual(payload);
    expect(await admin.must('op.casil.reset')).toMatchObject({ settings: { mode: 'monitor' }, revision: 0 });
    await expect.poll(async () => (await bob.publish('lab:bench', { text: awsKey })).status).toBe('success');
  });

  it('[CRN-3] [SAF-3] what a schedule publishes is inspected by the rules of then: blocked, masked, and let through', async () => {
    const [ann, bob] = await enterLab();
    const admin = await enter({ user: 'root', role: 'admin' });
    const schedule = async (text: string): Promise<unknown> => {
      const args = { room: 'lab', channel: 'bench', payload: { text }, interval_seconds: 1 };
      return (await ann.must('op.cron.schedule', args))['job_id'];
    };
    // Nothing is refused yet, also not of the commands.
    const [blocked, masked] = [await schedule(awsKey), await schedule(card)];
    const next = (text: string): Promise<Frame> =>
      bob.next(({ sender, payload }) => sender === 'op-cron' && payload['text'] === text);
    await next(awsKey);
    await next(card);
    await admin.must('op.casil.reload', { mode: 'enforce' });
    await next('***REDACTED***');
    const newest = async (jobId: unknown): Promise<unknown> =>
      ((await ann.must('op.cron.runs', { job_id: jobId }))['items'] as readonly unknown[])[0];
    const refused = { state: 'refused', code: 'CASIL_POLICY_BLOCKED_SECRET' };
    await expect.poll(() => newest(blocked), { timeout: 10_000 }).toMatchObject(refused);
    await admin.must('op.casil.reset');
    await next(awsKey);
    for (const job_id of [blocked, masked]) await ann.must('op.cron.cancel', { job_id });
  });

  it('[CAS-9] [CAS-2] a change with anything wrong in it is refused as a whole, and what was in force stays', async () => {
    const admin = await enter({ user: 'root', role: 'admin' });
    const before = await admin.must('op.casil.get');
    const refused = await admin.command('op.casil.reload', { mode: 'enforce', redaction_patterns: ['(unclosed'] });
    expect(refused).toMatchObject({
      error_code: 'VALIDATION_ERROR',
      payload: { errors: [{ field: 'args.redaction_patterns', problem: expect.stringContaining('item 1') }] },
    });
    for (const args of [
      {},
      { views: ['role:root=*'] },
      { mode: 'strict' },
      { detectors: { nothing: 'block' } },
      { scope_include: ['a b'] },
    ]) {
      expect(await admin.command('op.casil.reload', args)).toMatchObject({ error_code: 'VALIDATION_ERROR' });
    }
    expect(await admin.must('op.casil.get')).toEqual(before);
    const alice = await enter();
    for (const name of ['get', 'reload', 'reset', 'test']) {
      const reply = await alice.command(`op.casil.${name}`, { payload: {}, mode: 'enforce' });
      expect(reply).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
    }
  });

  it('[CAS-9] a dry run tells what enforcing would do', async () => {
    const admin = await enter({ user: 'root', role: 'admin' });
    expect(await admin.must('op.casil.test', { payload: { text: `card ${card}` }, room: 'lab', channel: 'x' })).toEqual(
      {
        decision: 'ALLOW_WITH_REDACTION',
        reason_code: 'CASIL_POLICY_REDACTED',
        kind: 'data',
        risk_level: 'high',
        flags: ['contains_pii'],
        findings: [{ detector: 'card_number', path: 'payload/text', action: 'redact' }],
        payload: { text: 'card ***REDACTED***' },
      },
    );
    const blocked = await admin.must('op.casil.test', { payload: awsKey });
    expect([blocked['decision'], 'payload' in blocked]).toEqual(['BLOCK', false]);
    expect(await admin.must('op.casil.test', { payload: prose })).toMatchObject({ decision: 'ALLOW', payload: prose });
  });

  it('[CAS-9] [CLI-1] the command line changes, shows, tries and resets the settings of a tenant', async () => {
    const token = await bus.token({ tenant: tenants.tenant, user: 'root', role: 'admin' });
    const run = async (...args: readonly string[]): Promise<string> => {
      const arqon = runArqon(['casil', ...args, '--ws-url', bus.wsUrl, '--jwt', token]);
      const code = await arqon.exited;
      return `${code} ${arqon.stdout()}${arqon.stderr()}`;
    };
    expect(await run('set', 'mode=enforce', 'detectors={"email":"redact"}')).toContain('mode = "enforce"');
    await expect.poll(() => run('get')).toContain('"email":"redact"');
    const tried = await run('test', '{"to":"lena@example.org"}', '--target', 'lab:bench');
    expect(tried).toMatch(/^0 ALLOW_WITH_REDACTION[^]+email at payload\/to[^]+REDACTED/);
    expect(await run('set', 'mode=strict')).toMatch(/^1 arqon: mode must be one of/);
    expect(await run('reset', '--json')).toContain('"revision":0');
  });

  it('[CAS-9] [CFG-1] one command of the operator enforces for all tenants', async () => {
    const [alice] = await enterLab();
    const flags = ['--http-url', bus.httpUrl, '--admin-token', OPERATOR];
    expect(await runArqon(['config', 'set', 'casil.mode', 'enforce', ...flags]).exited).toBe(0);
    await expect
      .poll(async () => (await alice.publish('lab:bench', { text: awsKey })).error_code)
      .toBe('CASIL_POLICY_BLOCKED_SECRET');
    expect(await runArqon(['config', 'reset', 'casil.mode', ...flags]).exited).toBe(0);
    await expect.poll(async () => (await alice.publish('lab:bench', { text: awsKey })).status).toBe('success');
  });
});
