import { BusError } from '@arqonbus/protocol';
import { createMemoryTaskStore } from '@arqonbus/storage';
import { describe, expect, it } from 'vitest';
import { clientOf, createTasksRig, operatorOf } from './tasks-rig.ts';
import type { Told } from './tasks-rig.ts';

const ada = clientOf('ada');
const [ben, cyd] = [clientOf('ben'), clientOf('cyd')];

describe('a task', () => {
  it('[OPR-2] is done once, whatever its operator says afterwards', async () => {
    const rig = await createTasksRig();
    await rig.join('ben');
    const taskId = await rig.submit();
    const order = await rig.next(ben, 'assigned');
    expect(order).toMatchObject({ task_id: taskId, attempt: 1, role: 'operator', payload: { text: '🚀' } });
    expect((await rig.result('ben', order)).state).toBe('done');
    expect(await rig.next(ada, 'done')).toMatchObject({ task_id: taskId, payload: { by: 'ben' }, operator_id: ben });
    // The answer was lost, and it says so again: the first result stands.
    expect((await rig.result('ben', order, { by: 'somebody else' })).state).toBe('done');
    await expect(rig.fail('ben', order)).rejects.toMatchObject({ code: 'CONFLICT' });
    const { details } = await rig.fixture.call('tasks.get', { tenant: 'acme', taskId });
    expect(JSON.parse(Buffer.from(details).toString())).toMatchObject({ payload: { by: 'ben' }, attempts: 1 });
  });

  it('[OPR-2] waits for an operator that comes later', async () => {
    const rig = await createTasksRig();
    const taskId = await rig.submit();
    expect(await rig.state(taskId)).toBe('queued');
    await rig.join('ben');
    expect(await rig.next(ben, 'assigned')).toMatchObject({ task_id: taskId });
    expect(await rig.next(ada, 'assigned')).toMatchObject({ operators: [ben] });
  });

  it('[OPR-2] goes to whoever has the capability, in whatever group', async () => {
    const rig = await createTasksRig();
    await rig.join('ben', { group: 'art' });
    await rig.join('cyd', { group: 'music', capabilities: ['translate:de'] });
    const taskId = await rig.submit({ group: '', capability: 'translate:de' });
    expect(await rig.next(cyd, 'assigned')).toMatchObject({ task_id: taskId, capability: 'translate:de' });
  });

  it('[OPR-2] is the same task under the same key, of the same user alone', async () => {
    const rig = await createTasksRig();
    const taskId = await rig.submit({ idempotencyKey: 'order-7' });
    expect(await rig.submit({ idempotencyKey: 'order-7' })).toBe(taskId);
    expect(await rig.submit({ idempotencyKey: 'order-7', user: 'eve' })).not.toBe(taskId);
    await rig.join('ben', { maxInFlight: 9 });
    await rig.result('ben', await rig.next(ben, 'assigned'));
    await rig.next(ada, 'done');
    expect(await rig.submit({ idempotencyKey: 'order-7' })).toBe(taskId);
  });

  it('[OPR-2] can be taken back, and who works on it is told', async () => {
    const rig = await createTasksRig();
    await rig.join('ben');
    const taskId = await rig.submit();
    const order = await rig.next(ben, 'assigned');
    const asked = { tenant: 'acme', taskId };
    await expect(rig.fixture.call('tasks.cancel', { ...asked, user: 'eve' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect((await rig.fixture.call('tasks.cancel', { ...asked, user: 'ada' })).state).toBe('cancelled');
    expect(await rig.next(ben, 'cancelled')).toMatchObject({ task_id: taskId, attempt: 1 });
    await rig.next(ada, 'cancelled');
    await expect(rig.result('ben', order)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await rig.fixture.call('tasks.cancel', asked)).state).toBe('cancelled');
  });

  it('[OPR-2] ends with its time, and its end is told until the submitter is there', async () => {
    const rig = await createTasksRig();
    const taskId = await rig.submit({ timeoutMs: 60_000 });
    rig.absent.add(ada);
    await rig.fixture.pass(60_000);
    await rig.fixture.brain.sweep();
    expect(await rig.state(taskId)).toBe('expired');
    await rig.fixture.brain.sweep();
    expect(rig.told(ada)).toEqual([]);
    rig.absent.delete(ada);
    await rig.fixture.brain.sweep();
    expect(await rig.next(ada, 'expired')).toMatchObject({ task_id: taskId });
    await rig.fixture.brain.sweep();
    expect(rig.told(ada)).toEqual([]);
    expect(rig.fixture.brain.figures()).toMatchObject({ tasksOpen: 0, tasksWaiting: 0 });
  });

  it('[OPR-2] of somebody without a connection is done, and told to nobody', async () => {
    const rig = await createTasksRig();
    await rig.join('ben');
    const taskId = await rig.submit({ clientId: '' });
    await rig.result('ben', await rig.next(ben, 'assigned'));
    expect(await rig.state(taskId)).toBe('done');
    await expect.poll(() => rig.fixture.brain.figures().tasksOpen).toBe(0);
  });

  it('[OPR-2] is given up telling of once the submitter cannot come back', async () => {
    const rig = await createTasksRig();
    rig.absent.add(ada);
    await rig.submit({ timeoutMs: 1_000 });
    await rig.fixture.pass(1_000);
    await rig.fixture.brain.sweep();
    expect(rig.fixture.brain.figures().tasksOpen).toBe(1);
    await rig.fixture.pass(131_000);
    await rig.fixture.brain.sweep();
    await expect.poll(() => rig.fixture.brain.figures().tasksOpen).toBe(0);
  });

  it('[PRD-4] is there for its own tenant alone', async () => {
    const rig = await createTasksRig();
    await rig.join('eve', { tenant: 'other' });
    const taskId = await rig.submit({ idempotencyKey: 'k' });
    await expect(rig.state(taskId, 'other')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await rig.submit({ tenant: 'other', idempotencyKey: 'k' })).not.toBe(taskId);
    const order: Told = { task_id: taskId, attempt: 1 };
    await expect(rig.result('eve', order)).rejects.toMatchObject({ code: 'CONFLICT' });
    const { items } = await rig.fixture.call('tasks.operators', { tenant: 'acme' });
    expect(items).toEqual([]);
  });
});

describe('an operator that is lost', () => {
  it('[OPR-3] loses its task to another at once, and its late result is refused', async () => {
    const rig = await createTasksRig();
    await rig.join('ben');
    const taskId = await rig.submit();
    const first = await rig.next(ben, 'assigned');
    await rig.join('cyd');
    await rig.end('ben');
    const second = await rig.next(cyd, 'assigned');
    expect(second).toMatchObject({ task_id: taskId, attempt: 2, payload: { text: '🚀' } });
    expect(await rig.next(ada, 'queued')).toMatchObject({ failures: 1 });
    await expect(rig.result('ben', first)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(rig.ack('ben', first)).rejects.toMatchObject({ code: 'CONFLICT' });
    await rig.result('cyd', second);
    expect(await rig.next(ada, 'done')).toMatchObject({ payload: { by: 'cyd' }, attempts: 2 });
  });

  it('[OPR-3] is lost when its Shield says nothing for ten seconds', async () => {
    const rig = await createTasksRig();
    await rig.join('ben');
    await rig.submit();
    await rig.next(ben, 'assigned');
    await rig.fixture.pass(9_000);
    await rig.fixture.call('tasks.renew', { tenant: 'acme', operators: [operatorOf('ben')] });
    await rig.fixture.pass(9_000);
    await rig.fixture.brain.sweep();
    expect(rig.fixture.brain.figures().operators).toBe(1);
    await rig.fixture.pass(1_000);
    await rig.fixture.brain.sweep();
    expect(rig.fixture.brain.figures()).toMatchObject({ operators: 0, tasksWaiting: 1 });
  });

  it('[OPR-3] keeps a task by signs of life, and loses it without', async () => {
    const rig = await createTasksRig();
    await rig.join('ben');
    await rig.join('cyd');
    await rig.submit();
    const order = await rig.next(ben, 'assigned');
    const renew = (): Promise<unknown> =>
      rig.fixture.call('tasks.renew', { tenant: 'acme', operators: ['ben', 'cyd'].map((name) => operatorOf(name)) });
    const passWith = async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 5_000) {
        await rig.fixture.pass(Math.min(5_000, left));
        await renew();
        await rig.fixture.brain.sweep();
      }
    };
    await passWith(25_000);
    await rig.ack('ben', order);
    await passWith(25_000);
    expect(await rig.state(String(order['task_id']))).toBe('assigned');
    expect(rig.told(cyd)).toEqual([]);
    await passWith(5_000);
    expect(await rig.next(cyd, 'assigned')).toMatchObject({ attempt: 2 });
    expect(await rig.next(ben, 'cancelled')).toMatchObject({ attempt: 1 });
  });

  it('[OPR-3] that cannot be reached costs no attempt, and gets nothing before it shows itself', async () => {
    const rig = await createTasksRig();
    rig.absent.add(ben);
    await rig.join('ben');
    const taskId = await rig.submit({ maxAttempts: 1 });
    await expect.poll(() => rig.state(taskId)).toBe('queued');
    await rig.fixture.brain.sweep();
    rig.absent.delete(ben);
    await rig.fixture.call('tasks.renew', { tenant: 'acme', operators: [operatorOf('ben')] });
    expect(await rig.next(ben, 'assigned')).toMatchObject({ task_id: taskId });
  });
});

describe('the first task of a tenant', () => {
  it('[OPR-2] [BRN-1] is given to an operator, though upkeep lets idle tenants go while it is taken in', async () => {
    const memory = createMemoryTaskStore();
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    let isAdding = false;
    const add: typeof memory.add = async (...args) => {
      isAdding = true;
      await opened;
      return memory.add(...args);
    };
    const taskStore = new Proxy(memory, {
      get: (store, name: keyof typeof memory) => (name === 'add' ? add : store[name].bind(store)),
    });
    const rig = await createTasksRig({ taskStore });
    const submitting = rig.submit();
    await expect.poll(() => isAdding).toBe(true);
    await rig.fixture.brain.sweep();
    await rig.join('ben');
    open();
    expect(await rig.next(ben, 'assigned')).toMatchObject({ task_id: await submitting });
  });
});

describe('open tasks', () => {
  it('[OPR-2] [T-15] are listed until they end, those of a group and those of the tenant', async () => {
    const rig = await createTasksRig();
    await rig.join('ben');
    const [taskId, other] = [await rig.submit(), await rig.submit({ group: 'art' })];
    const open = async (group = '', tenant = 'acme'): Promise<string[]> =>
      (await rig.fixture.call('tasks.open', { tenant, group })).items.map((item) => item.taskId);
    expect([await open(), await open('art'), await open('', 'other')]).toEqual([[taskId, other], [other], []]);
    await rig.result('ben', await rig.next(ben, 'assigned'));
    expect(await open()).toEqual([other]);
    await rig.fixture.call('tasks.cancel', { tenant: 'acme', taskId: other });
    expect(await open()).toEqual([]);
  });
});

describe('a task that comes to nothing', () => {
  it('[OPR-3] is dead after so many attempts, and is tried again when an administrator says so', async () => {
    const rig = await createTasksRig();
    await rig.join('ben');
    const taskId = await rig.submit({ maxAttempts: 2 });
    await rig.fail('ben', await rig.next(ben, 'assigned'));
    const second = await rig.next(ben, 'assigned');
    expect(second).toMatchObject({ attempt: 2 });
    expect((await rig.fail('ben', second)).state).toBe('failed');
    expect(await rig.next(ada, 'failed')).toMatchObject({ task_id: taskId, reason: 'ben gave up', attempts: 2 });
    const dead = async (group = ''): Promise<string[]> =>
      (await rig.fixture.call('tasks.dead', { tenant: 'acme', group })).items.map((item) => item.taskId);
    expect([await dead(), await dead('research'), await dead('art')]).toEqual([[taskId], [taskId], []]);
    expect((await rig.fixture.call('tasks.dead', { tenant: 'other' })).items).toEqual([]);
    const again = { tenant: 'acme', taskId, requestedBy: 'root' };
    expect((await rig.fixture.call('tasks.replay', again)).state).toMatch(/queued|assigned/);
    await rig.result('ben', await rig.next(ben, 'assigned'));
    expect(await rig.next(ada, 'done')).toMatchObject({ task_id: taskId, attempts: 3 });
    expect(await dead()).toEqual([]);
    await expect(rig.fixture.call('tasks.replay', again)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('[OPR-3] is dead at once where its operator says that nobody need try', async () => {
    const rig = await createTasksRig();
    await rig.join('ben');
    await rig.submit();
    expect((await rig.fail('ben', await rig.next(ben, 'assigned'), { isFinal: true })).state).toBe('failed');
  });

  it('[OPR-3] is forgotten after its time', async () => {
    const rig = await createTasksRig({ taskSettings: { leaseMs: 30_000, retentionHours: 0.1 } });
    const taskId = await rig.submit({ timeoutMs: 1_000 });
    await rig.fixture.pass(1_000);
    await rig.fixture.brain.sweep();
    await rig.next(ada, 'expired');
    await rig.fixture.brain.sweep();
    await rig.fixture.pass(360_000);
    await rig.fixture.brain.sweep();
    expect(await rig.state(taskId)).toBe('expired');
    await rig.fixture.pass(601_000);
    await rig.fixture.brain.sweep();
    await expect(rig.state(taskId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('without the store', () => {
  it('[OPR-3] [ARC-5] nothing is taken in, and everything goes on once it is back', async () => {
    const memory = createMemoryTaskStore();
    const away = { is: false };
    const taskStore = new Proxy(memory, {
      get: (store, name: keyof typeof memory) => {
        if (away.is) return () => Promise.reject(new BusError('UNAVAILABLE'));
        return store[name].bind(store);
      },
    });
    const rig = await createTasksRig({ taskStore });
    await rig.join('ben');
    const taskId = await rig.submit();
    const order = await rig.next(ben, 'assigned');
    away.is = true;
    await expect(rig.submit()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(rig.result('ben', order)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await rig.fixture.brain.sweep();
    away.is = false;
    expect((await rig.result('ben', order)).state).toBe('done');
    expect(await rig.next(ada, 'done')).toMatchObject({ task_id: taskId });
  });
});
