import { describe, expect, it } from 'vitest';
import { clientOf, createTasksRig } from './tasks-rig.ts';
import type { TasksRig } from './tasks-rig.ts';

const ada = clientOf('ada');
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** How many tasks each operator has been given. */
function shares(rig: TasksRig, ...names: readonly string[]): number[] {
  return names.map((name) => rig.told(clientOf(name)).filter(({ state }) => state === 'assigned').length);
}

describe('round robin', () => {
  it('[OPR-3] goes round', async () => {
    const rig = await createTasksRig();
    const names = ['ben', 'cyd', 'dan'];
    for (const name of names) await rig.join(name, { maxInFlight: 10 });
    for (let round = 0; round < 4; round++) {
      for (let turn = 0; turn < 3; turn++) await rig.submit();
      await expect.poll(() => shares(rig, ...names)).toEqual([round + 1, round + 1, round + 1]);
    }
  });

  it('[OPR-3] is weighted by free capacity', async () => {
    const rig = await createTasksRig();
    await rig.join('big', { maxInFlight: 6 });
    await rig.join('small', { maxInFlight: 2 });
    for (let count = 0; count < 4; count++) await rig.submit();
    await expect.poll(() => shares(rig, 'big', 'small')).toEqual([3, 1]);
    for (let count = 0; count < 6; count++) await rig.submit();
    await expect.poll(() => shares(rig, 'big', 'small')).toEqual([6, 2]);
    expect(rig.fixture.brain.figures().tasksWaiting).toBe(2);
  });

  it('[OPR-3] gives what is urgent first, and lets nothing wait for ever', async () => {
    const rig = await createTasksRig();
    const old = await rig.submit({ priority: 0 });
    await rig.fixture.pass(31_000);
    const plain = await rig.submit({ priority: 0 });
    const urgent = await rig.submit({ priority: 1 });
    await rig.fixture.pass(1_000);
    await rig.join('ben');
    const order: unknown[] = [];
    for (let count = 0; count < 3; count++) {
      const given = await rig.next(clientOf('ben'), 'assigned');
      order.push(given['task_id']);
      await rig.result('ben', given);
    }
    expect(order).toEqual([old, urgent, plain]);
  });
});

describe('competing', () => {
  it('[OPR-3] takes the first good result, and tells the others to stop', async () => {
    const rig = await createTasksRig();
    for (const name of ['ben', 'cyd']) await rig.join(name);
    const taskId = await rig.submit({ strategy: 'competing' });
    const [first, second] = [await rig.next(clientOf('ben'), 'assigned'), await rig.next(clientOf('cyd'), 'assigned')];
    expect([first['attempt'], second['attempt']]).toEqual([1, 2]);
    await rig.fail('ben', first);
    expect(await rig.state(taskId)).toBe('assigned');
    expect((await rig.result('cyd', second)).state).toBe('done');
    expect(await rig.next(ada, 'done')).toMatchObject({ payload: { by: 'cyd' }, operator_id: clientOf('cyd') });
  });

  it('[OPR-3] takes the best of n', async () => {
    const rig = await createTasksRig();
    for (const name of ['ben', 'cyd', 'dan']) await rig.join(name);
    const taskId = await rig.submit({ strategy: 'competing', bestOf: 2, windowMs: 60_000 });
    await rig.result('ben', await rig.next(clientOf('ben'), 'assigned'), { by: 'ben' }, 0.25);
    expect(await rig.state(taskId)).toBe('assigned');
    await rig.result('cyd', await rig.next(clientOf('cyd'), 'assigned'), { by: 'cyd' }, 0.75);
    expect(await rig.next(ada, 'done')).toMatchObject({ payload: { by: 'cyd' }, score: 0.75 });
    expect(await rig.next(clientOf('dan'), 'cancelled')).toMatchObject({ task_id: taskId });
  });

  it('[OPR-3] waits for the others no longer than the window', async () => {
    const rig = await createTasksRig();
    for (const name of ['ben', 'cyd']) await rig.join(name);
    const taskId = await rig.submit({ strategy: 'competing', bestOf: 2, windowMs: 5_000 });
    await rig.result('ben', await rig.next(clientOf('ben'), 'assigned'), { by: 'ben' }, -1);
    await rig.fixture.pass(4_000);
    await rig.fixture.brain.sweep();
    expect(await rig.state(taskId)).toBe('assigned');
    await rig.fixture.pass(1_000);
    await rig.fixture.brain.sweep();
    expect(await rig.next(ada, 'done')).toMatchObject({ payload: { by: 'ben' }, score: -1 });
  });

  it('[OPR-3] begins anew when all racers gave up', async () => {
    const rig = await createTasksRig();
    for (const name of ['ben', 'cyd']) await rig.join(name);
    await rig.submit({ strategy: 'competing', maxAttempts: 2 });
    await rig.fail('ben', await rig.next(clientOf('ben'), 'assigned'));
    await rig.fail('cyd', await rig.next(clientOf('cyd'), 'assigned'));
    expect((await rig.next(clientOf('ben'), 'assigned'))['attempt']).toBe(3);
  });
});

describe('broadcast', () => {
  it('[OPR-2] gives every operator of the group the task, and the submitter every result', async () => {
    const rig = await createTasksRig();
    for (const name of ['ben', 'cyd', 'dan']) await rig.join(name);
    await rig.join('eve', { group: 'art' });
    await rig.submit();
    await expect.poll(() => shares(rig, 'ben', 'cyd', 'dan').reduce((sum, count) => sum + count)).toBe(1);
    const taskId = await rig.submit({ strategy: 'broadcast' });
    for (const name of ['ben', 'cyd', 'dan']) {
      const find = () => rig.told(clientOf(name)).find((told) => told['task_id'] === taskId);
      await expect.poll(find).toBeDefined();
      const order = find() ?? {};
      await (name === 'dan' ? rig.end('dan') : rig.result(name, order, { by: name }));
    }
    expect(await rig.next(ada, 'result')).toMatchObject({ operator_id: clientOf('ben'), payload: { by: 'ben' } });
    expect(await rig.next(ada, 'done')).toMatchObject({
      task_id: taskId,
      results: [
        { operator_id: clientOf('ben'), payload: { by: 'ben' } },
        { operator_id: clientOf('cyd'), payload: { by: 'cyd' } },
      ],
      missing: [clientOf('dan')],
    });
    expect(shares(rig, 'eve')).toEqual([0]);
  });
});

describe('schemas of operators', () => {
  const shape = (properties: object): object => ({ type: 'object', properties, required: Object.keys(properties) });
  async function register(rig: TasksRig, schemaId: string, schema: object): Promise<void> {
    const candidate = { kind: 'json', source: json(schema) };
    await rig.fixture.call('schemas.register', { tenant: 'acme', schemaId, candidate });
  }

  it('[OPR-1] must exist, and refuse what does not fit them', async () => {
    const rig = await createTasksRig();
    await expect(rig.join('ben', { inputSchema: 'job.v1' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await register(rig, 'job.v1', shape({ text: { type: 'string' } }));
    await register(rig, 'answer.v1', shape({ answer: { type: 'number' } }));
    await rig.join('ben', { inputSchema: 'job.v1', outputSchema: 'answer.v1' });
    await expect(rig.submit({ payload: json({ text: 7 }) })).rejects.toMatchObject({ code: 'SCHEMA_VIOLATION' });
    await rig.submit({ payload: json({ text: 'how many?' }) });
    const order = await rig.next(clientOf('ben'), 'assigned');
    await expect(rig.result('ben', order, { answer: 'many' })).rejects.toMatchObject({
      code: 'SCHEMA_VIOLATION',
      message: expect.stringContaining('answer must be number'),
    });
    expect((await rig.result('ben', order, { answer: 42 })).state).toBe('done');
  });

  it('[OPR-1] keep a task from whom it does not fit, and hold up no other', async () => {
    const rig = await createTasksRig();
    await register(rig, 'job.v1', shape({ text: { type: 'string' } }));
    const [wrong, right] = [await rig.submit({ payload: json({ n: 1 }) }), await rig.submit()];
    await rig.join('ben', { inputSchema: 'job.v1', maxInFlight: 2 });
    expect(await rig.next(clientOf('ben'), 'assigned')).toMatchObject({ task_id: right });
    expect(await rig.state(wrong)).toBe('queued');
    await rig.join('cyd');
    expect(await rig.next(clientOf('cyd'), 'assigned')).toMatchObject({ task_id: wrong });
  });
});

describe('limits of tasks', () => {
  it('[PRD-5] are those of the tenant and of the group, in tasks and in bytes', async () => {
    const rig = await createTasksRig({ limits: { tasksPerTenant: 3, tasksPerGroup: 2, taskBytesPerTenant: 1_000 } });
    const first = await rig.submit({ idempotencyKey: 'k' });
    await rig.submit();
    await expect(rig.submit()).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await rig.submit({ idempotencyKey: 'k' })).toBe(first);
    await expect(rig.submit({ group: 'art', payload: json('x'.repeat(990)) })).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
    });
    await rig.submit({ group: 'art' });
    await expect(rig.submit({ group: 'music' })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await rig.submit({ tenant: 'other' });
    await rig.join('ben');
    await rig.result('ben', await rig.next(clientOf('ben'), 'assigned'));
    await rig.next(ada, 'done');
    await rig.submit({ group: 'music' });
  });

  it('[PRD-5] are those of operators of a group', async () => {
    const rig = await createTasksRig({ limits: { operatorsPerGroup: 1 } });
    await rig.join('ben');
    await rig.join('ben', { maxInFlight: 5 });
    await expect(rig.join('cyd')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await rig.join('cyd', { group: 'art' });
    const { items } = await rig.fixture.call('tasks.operators', { tenant: 'acme', group: 'research' });
    expect(items.map(({ operator }) => operator?.maxInFlight)).toEqual([5]);
  });

  it('[PRD-5] are those of one answer', async () => {
    const rig = await createTasksRig({ limits: { pageBytes: 4_096 } });
    await rig.join('ben');
    await rig.submit();
    const order = await rig.next(clientOf('ben'), 'assigned');
    await expect(rig.result('ben', order, 'x'.repeat(4_096))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await expect(rig.fail('ben', order, { payload: json('x'.repeat(1_024)) })).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
    expect((await rig.result('ben', order, 'x'.repeat(4_000))).state).toBe('done');
  });

  it('[OPR-1] refuses what is no operator', async () => {
    const rig = await createTasksRig();
    for (const wrong of [
      { group: '' },
      { group: 'a b' },
      { capabilities: [''] },
      { capabilities: ['ü'] },
      { capabilities: Array.from({ length: 33 }, (_, n) => `c${n}`) },
      { maxInFlight: 0 },
      { maxInFlight: 1_001 },
      { clientId: 'nobody' },
      { metadata: new Uint8Array(2_049) },
    ]) {
      await expect(rig.join('ben', wrong)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    }
    await expect(rig.fixture.call('tasks.join', { tenant: 'acme' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
  });

  it('[OPR-2] refuses what is no task', async () => {
    const rig = await createTasksRig();
    for (const wrong of [
      { group: '' },
      { capability: 'both' },
      { group: 'a b' },
      { group: '', capability: 'ü' },
      { strategy: 'lottery' },
      { priority: 10 },
      { maxAttempts: 21 },
      { bestOf: 17 },
      { windowMs: 600_001 },
      { timeoutMs: 86_400_001 },
      { clientId: 'nobody' },
      { idempotencyKey: 'k'.repeat(129) },
    ]) {
      await expect(rig.submit(wrong)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    }
  });
});
