import { BusError } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { SubmittedTasks } from './submitted-task.ts';
import type { SubmittedTasksParts } from './submitted-task.ts';
import { createFakeClock, settle } from './testing/fake-clock.ts';
import type { TaskFrame } from './task-frame.ts';

type Answer = object | BusError;

/** Tasks of a client whose commands are answered as the test says, one after the other. */
function createRig(...answers: Answer[]) {
  const clock = createFakeClock();
  const commands: (readonly [string, object])[] = [];
  const command = async (name: string, args: object): Promise<object> => {
    commands.push([name, args]);
    const answer = answers.shift() ?? { task_id: 't_1', state: 'queued' };
    if (answer instanceof BusError) throw answer;
    return answer;
  };
  const client = { command } as unknown as SubmittedTasksParts['client'];
  const tasks = new SubmittedTasks({ client, clock, nextKey: () => 'key-1' });
  return { clock, commands, tasks };
}

function frame(state: TaskFrame['state'], payload: object = {}): TaskFrame {
  return { taskId: 't_1', role: 'submitter', state, attempt: 1, payload: { ...payload } };
}

describe('a submitted task', () => {
  it('[OPR-2] hears of frames that have overtaken the answer which names it', async () => {
    const { tasks } = createRig();
    const task = tasks.submit({ group: 'research', payload: 1 });
    tasks.take({ ...frame('done', { payload: 'of another' }), taskId: 't_2' });
    tasks.take(frame('progress', { payload: 'half' }));
    tasks.take(frame('done', { payload: 2 }));
    expect(await task.result).toEqual({ state: 'done', payload: 2, results: [] });
    const news: unknown[] = [];
    for await (const one of task) news.push(one);
    expect(news).toEqual(['half']);
  });

  it('[OPR-2] is given again under its key until the bus has it', async () => {
    const lost = [new BusError('UNAVAILABLE'), new BusError('TIMEOUT')];
    const { tasks, commands, clock } = createRig(...lost);
    const task = tasks.submit({ capability: 'translate:de', payload: null, bestOf: 2, timeoutMs: 5 });
    await settle();
    await clock.advance(250);
    await clock.advance(500);
    expect(await task.id).toBe('t_1');
    const args = { payload: null, idempotency_key: 'key-1', capability: 'translate:de', best_of: 2, timeout_ms: 5 };
    expect(commands).toEqual([0, 1, 2].map(() => ['task.submit', args]));
  });

  it('[OPR-2] is asked for after a reconnect, as its end may have been told to nobody', async () => {
    const submitted = { task_id: 't_1', state: 'queued' };
    const running = { task_id: 't_1', state: 'assigned' };
    const { tasks } = createRig(submitted, running, { task_id: 't_1', state: 'failed', reason: 'no' });
    const task = tasks.submit({ group: 'research', payload: 1 });
    await task.id;
    tasks.lookAgain();
    await settle();
    tasks.lookAgain();
    expect(await task.result).toEqual({ state: 'failed', reason: 'no' });
  });

  it('[OPR-2] rejects where it is refused, and where the client is closed', async () => {
    const { tasks } = createRig(new BusError('QUOTA_EXCEEDED'));
    const refused = tasks.submit({ group: 'research', payload: 1 });
    await expect(refused.id).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await expect(refused.result).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    const abandoned = tasks.submit({ group: 'research', payload: 1 });
    await abandoned.id;
    tasks.abort();
    await expect(abandoned.result).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
