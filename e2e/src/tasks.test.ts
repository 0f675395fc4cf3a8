import { TaskFailure, createClient } from '@arqonbus/sdk';
import type { ArqonClient } from '@arqonbus/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { freshTenants } from './harness/fresh-tenants.ts';
import type { JsonClient } from './harness/json-client.ts';
import { nextTask } from './harness/next-task.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Work groups (06, "Operators and work groups"); in a cluster submitter and operators are at different Shields.
const question = { text: 'Fasse den Bericht zusammen: „Ströme 🚀“', pages: [1, 2, 3], deep: { list: [null, true] } };

let bus: Bus;
const tenants = freshTenants(() => bus);
const { enter } = tenants;

beforeAll(async () => void (bus = await startBus({ ARQONBUS_LIMITS_TASKS_PER_GROUP: '20' })));
afterAll(() => bus.stop());

async function operate(user: string, args: object = {}, order: object = {}): Promise<JsonClient> {
  const client = await enter({ user, ...order });
  await client.must('operator.join', { group: 'research', ...args });
  return client;
}

async function submit(client: JsonClient, more: object = {}): Promise<unknown> {
  return (await client.must('task.submit', { group: 'research', payload: question, ...more }))['task_id'];
}

describe('a task', () => {
  it('[OPR-2] goes to an operator, and its progress and result to whoever gave it', async () => {
    const alice = await enter();
    const worker = await operate('worker');
    const { task_id: taskId, state } = await alice.must('task.submit', { group: 'research', payload: question });
    expect(state).toBe('queued');
    const order = await nextTask(worker, 'assigned');
    expect(order).toMatchObject({
      type: 'task',
      payload: {
        task_id: taskId,
        role: 'operator',
        group: 'research',
        attempt: 1,
        lease_ms: 30_000,
        payload: question,
      },
    });
    expect((await nextTask(alice, 'assigned')).payload).toMatchObject({ operators: [worker.clientId] });
    await worker.must('task.ack', { task_id: taskId });
    await worker.must('task.progress', { task_id: taskId, attempt: 1, payload: { percent: 50 } });
    expect((await nextTask(alice, 'progress')).payload).toMatchObject({ task_id: taskId, payload: { percent: 50 } });
    const reply = await worker.must('task.result', { task_id: taskId, attempt: 1, payload: { summary: 'kurz' } });
    expect(reply).toEqual({ task_id: taskId, state: 'done' });
    expect((await nextTask(alice, 'done')).payload).toMatchObject({
      task_id: taskId,
      role: 'submitter',
      operator_id: worker.clientId,
      payload: { summary: 'kurz' },
    });
    expect(await alice.must('task.get', { task_id: taskId })).toMatchObject({
      state: 'done',
      attempts: 1,
      failures: 0,
    });
  });

  it('[OPR-3] goes to another when the connection of its operator is cut, and what the first says later is refused', async () => {
    const alice = await enter();
    const first = await operate('first');
    const taskId = await submit(alice);
    await nextTask(first, 'assigned', taskId);
    const second = await operate('second');
    first.lose();
    const { payload: order } = await nextTask(second, 'assigned', taskId);
    expect(order).toMatchObject({ attempt: 2, payload: question });
    const { resume_token } = first.welcome;
    const back = await enter({ user: 'first' });
    await back.must('resume', { resume_token, channels: {} });
    expect(back.clientId).not.toBe(first.clientId);
    await back.must('operator.join', { group: 'research' });
    expect(await back.command('task.result', { task_id: taskId, attempt: 1, payload: 0 })).toMatchObject({
      error_code: 'CONFLICT',
    });
    await second.must('task.result', { task_id: taskId, attempt: 2, payload: 1 });
    expect((await nextTask(alice, 'done', taskId)).payload).toMatchObject({ payload: 1, attempts: 2 });
  });

  it('[OPR-2] finds the submitter again, resumed on another connection', async () => {
    const alice = await enter();
    const worker = await operate('worker');
    const taskId = await submit(alice);
    await nextTask(worker, 'assigned', taskId);
    alice.lose();
    await worker.must('task.result', { task_id: taskId, payload: { summary: 'while you were out' } });
    const back = await enter();
    await back.must('resume', { resume_token: alice.welcome['resume_token'], channels: {} });
    expect((await nextTask(back, 'done', taskId)).payload).toMatchObject({
      payload: { summary: 'while you were out' },
    });
  });

  it('[OPR-2] of a key is given out once, and [PRD-4] is nothing to others', async () => {
    const alice = await enter();
    const worker = await operate('worker', { max_in_flight: 5 });
    const taskId = await submit(alice, { idempotency_key: 'order-7', priority: 9 });
    expect(await submit(alice, { idempotency_key: 'order-7' })).toBe(taskId);
    const [eve, stranger] = [await enter({ user: 'eve' }), await enter({ tenant: 'elsewhere', user: 'alice' })];
    for (const nobody of [eve, stranger]) {
      for (const name of ['task.get', 'task.cancel']) {
        expect(await nobody.command(name, { task_id: taskId })).toMatchObject({ error_code: 'NOT_FOUND' });
      }
    }
    await stranger.must('operator.join', { group: 'research' });
    expect(await stranger.command('task.result', { task_id: taskId, payload: 0 })).toMatchObject({
      error_code: 'NOT_FOUND',
    });
    expect((await stranger.must('operator.list'))['items']).toHaveLength(1);
    expect((await alice.must('operator.list', { group: 'research' }))['items']).toMatchObject([
      { operator_id: worker.clientId, user: 'worker', max_in_flight: 5, in_flight: 1 },
    ]);
    // One that is just being given away when it is cancelled reaches nobody, who then need not be told either.
    await nextTask(worker, 'assigned', taskId);
    expect(await alice.must('task.cancel', { task_id: taskId })).toEqual({ task_id: taskId, state: 'cancelled' });
    await nextTask(worker, 'cancelled', taskId);
  });
});

describe('operators', () => {
  it('[OPR-4] may announce what their token lists, and nothing else', async () => {
    const alice = await enter();
    const order = { user: 'ben', capabilities: ['translate:de', 'translate:fr'] };
    const translator = await enter(order);
    const refused = await translator.command('operator.join', { group: 'art', capabilities: ['translate:es'] });
    expect(refused).toMatchObject({
      error_code: 'AUTHORIZATION_ERROR',
      error: expect.stringContaining('translate:es'),
    });
    await translator.must('operator.join', { group: 'art', capabilities: ['translate:de'], metadata: { model: 'm7' } });
    expect((await alice.must('operator.find', { capability: 'translate:de' }))['items']).toMatchObject([
      { operator_id: translator.clientId, group: 'art', capabilities: ['translate:de'], metadata: { model: 'm7' } },
    ]);
    expect((await alice.must('operator.find', { capability: 'translate:fr' }))['items']).toEqual([]);
    const { task_id: taskId } = await alice.must('task.submit', { capability: 'translate:de', payload: 'Hello' });
    await nextTask(translator, 'assigned', taskId);
    // A token without the capability takes it away, and the task with it.
    const token = await bus.token({ tenant: tenants.tenant, user: 'ben' });
    translator.send({ type: 'command', command: 'refresh', args: { token } });
    await translator.nextSystem('operator_left');
    await nextTask(alice, 'queued', taskId);
    expect((await alice.must('operator.find', { capability: 'translate:de' }))['items']).toEqual([]);
  });

  it('[OPR-1] [PRM-2] are operators of groups that they may operate in, and submitters of those that they may publish to', async () => {
    const permissions = [
      { action: 'operate', pattern: 'research:*', effect: 'deny' },
      { action: 'publish', pattern: 'art:*', effect: 'deny' },
    ] as const;
    const ben = await enter({ user: 'ben', permissions });
    const forbidden = [
      ['operator.join', { group: 'research' }],
      ['task.submit', { group: 'art', payload: 1 }],
      ['operator.list', { group: 'art' }],
    ] as const;
    for (const [name, args] of forbidden)
      expect(await ben.command(name, args)).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
    await ben.must('operator.join', { group: 'art' });
    await ben.must('task.submit', { group: 'research', payload: 1 });
    expect(await ben.must('operator.leave')).toEqual({ left: true });
    expect(await ben.must('operator.leave')).toEqual({ left: false });
  });
});

describe('strategies and dead letters', () => {
  it('[OPR-3] competing takes the best of two, broadcast the result of each', async () => {
    const alice = await enter();
    const workers = [await operate('one'), await operate('two')];
    const race = await submit(alice, { strategy: 'competing', best_of: 2, window_ms: 60_000 });
    for (const [index, worker] of workers.entries()) {
      const { payload: order } = await nextTask(worker, 'assigned', race);
      await worker.must('task.result', { task_id: race, attempt: order['attempt'], payload: index, score: index });
    }
    expect((await nextTask(alice, 'done', race)).payload).toMatchObject({ payload: 1, score: 1 });
    const census = await submit(alice, { strategy: 'broadcast' });
    for (const [index, worker] of workers.entries()) {
      await nextTask(worker, 'assigned', census);
      await worker.must('task.result', { task_id: census, payload: `from ${index}` });
    }
    expect((await nextTask(alice, 'result', census)).payload).toMatchObject({ payload: 'from 0' });
    expect((await nextTask(alice, 'done', census)).payload).toMatchObject({
      results: [{ payload: 'from 0' }, { payload: 'from 1' }],
      missing: [],
    });
  });

  it('[OPR-3] [AUD-1] a task that failed is listed, and is tried again by an administrator', async () => {
    const [alice, root] = [await enter(), await enter({ user: 'root', role: 'admin' })];
    const worker = await operate('worker');
    const taskId = await submit(alice, { max_attempts: 1 });
    await nextTask(worker, 'assigned', taskId);
    await worker.must('task.fail', { task_id: taskId, payload: { why: 'no such report' } });
    expect((await nextTask(alice, 'failed', taskId)).payload).toMatchObject({ reason: { why: 'no such report' } });
    const { items } = await root.must('op.task.dlq.list', { group: 'research' });
    expect(items).toMatchObject([{ task_id: taskId, state: 'failed', submitted_by: 'alice', group: 'research' }]);
    expect(await alice.command('op.task.dlq.replay', { task_id: taskId })).toMatchObject({
      error_code: 'AUTHORIZATION_ERROR',
    });
    await root.must('op.task.dlq.replay', { task_id: taskId });
    await nextTask(worker, 'assigned', taskId);
    await worker.must('task.result', { task_id: taskId, payload: 'found it' });
    await nextTask(alice, 'done', taskId);
    const audit = await root.must('op.audit.list', { action: 'op.task.dlq.replay' });
    expect(audit['items']).toMatchObject([{ target: `task:${String(taskId)}` }, { target: `task:${String(taskId)}` }]);
  });
});

describe('the SDK', () => {
  const clients: ArqonClient[] = [];
  afterEach(async () => void (await Promise.all(clients.splice(0).map((client) => client.close()))));

  async function connect(user: string): Promise<ArqonClient> {
    const token = await bus.token({ user, tenant: tenants.tenant });
    const client = createClient({ url: bus.wsUrl, token, webSocket: WebSocket });
    clients.push(client);
    await client.connect();
    return client;
  }

  it('[OPR-2] shares work between two agents, one of which dies in the middle', async () => {
    const [alice, first, second] = [await connect('alice'), await connect('first'), await connect('second')];
    let isAborted = false;
    let isStarted = false;
    await first.operator('research', {}, (_, { signal, progress }) => {
      progress({ by: 'first' });
      signal.addEventListener('abort', () => (isAborted = true));
      isStarted = true;
      return new Promise(() => undefined);
    });
    const task = alice.submitTask({ group: 'research', payload: { n: 20 } });
    await expect.poll(() => isStarted).toBe(true);
    await second.operator('research', { maxInFlight: 4 }, (payload, { progress }) => {
      progress({ by: 'second' });
      return { double: (payload as { readonly n: number }).n * 2 };
    });
    const news: unknown[] = [];
    const reading = (async () => {
      for await (const one of task) if (news.push(one) === 1) await first.close();
    })();
    expect(await task.result).toEqual({ state: 'done', payload: { double: 40 }, results: [] });
    await reading;
    expect(news).toEqual([{ by: 'first' }, { by: 'second' }]);
    expect(isAborted).toBe(true);
  });

  it('[OPR-3] tells of tasks that come to nothing, and of those that are taken back', async () => {
    const [alice, worker] = [await connect('alice'), await connect('worker')];
    let isAborted = false;
    const operator = await worker.operator('research', { maxInFlight: 2 }, (payload, { signal }) => {
      if (payload === 'hopeless') throw new TaskFailure('nobody can do this', { isFinal: true });
      signal.addEventListener('abort', () => (isAborted = true));
      return new Promise(() => undefined);
    });
    const hopeless = alice.submitTask({ group: 'research', payload: 'hopeless' });
    expect(await hopeless.result).toEqual({ state: 'failed', reason: 'nobody can do this' });
    const endless = alice.submitTask({ group: 'research', payload: 'endless' });
    await alice.command('task.get', { task_id: await endless.id });
    await expect
      .poll(async () => (await alice.command('task.get', { task_id: await endless.id })).state)
      .toBe('assigned');
    await endless.cancel();
    expect(await endless.result).toEqual({ state: 'cancelled' });
    await expect.poll(() => isAborted).toBe(true);
    await expect(worker.operator('art', {}, () => 0)).rejects.toMatchObject({ code: 'CONFLICT' });
    await operator.leave();
    await expect(alice.submitTask({ payload: 0 }).result).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('[CLI-1] [OPR-2] arqon task gives a task, prints its result, and shows who does it', async () => {
    const worker = await connect('worker');
    await worker.operator('research', {}, (payload, { progress }) => {
      progress('half way');
      return { echo: payload };
    });
    const flags = ['--ws-url', bus.wsUrl, '--jwt', await bus.token({ tenant: tenants.tenant })];
    const submitting = runArqon(['task', 'submit', 'research', '{"n":1}', '--json', ...flags]);
    expect([await submitting.exited, submitting.stderr()]).toEqual([0, '']);
    const [progress, result] = submitting
      .stdout()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(progress).toMatchObject({ state: 'progress', payload: 'half way' });
    expect(result).toMatchObject({ state: 'done', payload: { echo: { n: 1 } } });
    const showing = runArqon(['task', 'get', String(result?.['task_id']), ...flags]);
    expect(await showing.exited).toBe(0);
    expect(showing.stdout()).toContain('done  research  alice');
  });
});
