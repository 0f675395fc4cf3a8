import { createMemoryTaskStore } from '@arqonbus/storage';
import { describe, expect, it } from 'vitest';
import { clientOf, createTasksRig } from './tasks-rig.ts';
import type { TasksRig } from './tasks-rig.ts';

const ada = clientOf('ada');
const [ben, cyd] = [clientOf('ben'), clientOf('cyd')];

/** Two Brains that know nothing of each other, each in the belief that the tenant's work is its own. */
async function createBelievers(): Promise<readonly [TasksRig, TasksRig]> {
  const taskStore = createMemoryTaskStore();
  return [await createTasksRig({ taskStore }), await createTasksRig({ taskStore })];
}

describe('two Brains that believe to own the work of a tenant', () => {
  it('[OPR-3] [BRN-1] [ARC-3] what was done with one stays done with the other, which would give it to somebody else', async () => {
    const [old, present] = await createBelievers();
    await old.join('ben');
    const taskId = await old.submit();
    const order = await old.next(ben, 'assigned');
    expect((await present.result('ben', order, { by: 'ben' })).state).toBe('done');

    await old.join('cyd');
    await old.end('ben');
    await old.fixture.brain.sweep();
    expect(old.told(cyd)).toEqual([]);
    expect([await old.state(taskId), await present.state(taskId)]).toEqual(['done', 'done']);
    await expect(old.fail('ben', order)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await present.state(taskId)).toBe('done');
  });

  it('[OPR-3] [BRN-1] [ARC-3] one task that both have is given to one operator', async () => {
    const [old, present] = await createBelievers();
    const taskId = await old.submit();
    await present.fixture.brain.sweep();
    await Promise.all([old.join('ben'), present.join('cyd')]);
    const assigned = (): number =>
      [...old.told(ben), ...present.told(cyd)].filter(({ state }) => state === 'assigned').length;
    await expect.poll(assigned).toBe(1);
    for (const { fixture } of [old, present]) await fixture.brain.sweep();
    expect(assigned()).toBe(1);
    expect([await old.state(taskId), await present.state(taskId)]).toEqual(['assigned', 'assigned']);
    // Both may say so to who gave it, and say the same.
    const named = [...old.told(ada), ...present.told(ada)].flatMap(({ operators }) => operators ?? []);
    expect(new Set(named).size).toBe(1);
  });
});
