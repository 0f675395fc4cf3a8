import { startWebhookSink } from '@arqonbus/testkit';
import { expect } from 'vitest';
import type { FaultCluster } from './fault-cluster.ts';

/** A webhook, a schedule and a task of a tenant, which lie in Postgres. */
export interface KeptWork {
  /** Checks what goes on and what is refused while Postgres is away. */
  whileAway(): Promise<void>;
  /** Checks that all of it goes on. */
  afterwards(): Promise<void>;
}

const clock = { room: 'kept', channel: 'clock' };
const patient = { timeout: 15_000 };

/** Makes them: when this resolves the webhook is known where it matters, and the schedule has fired. */
export async function startKeptWork(bus: FaultCluster): Promise<KeptWork> {
  const sink = await startWebhookSink();
  const client = await bus.connect(0, { tenant: 'kept', user: 'ann' });
  for (const channel of ['clock', 'talk']) await client.must('join_channel', { room: 'kept', channel });
  const told = (text: string): boolean => sink.requests.some(({ body }) => body.includes(text));
  const { webhook_id: webhookId } = await client.must('op.webhook.register', {
    url: sink.url,
    room: 'kept',
    channel: 'talk',
  });
  const warm = async (): Promise<boolean> => {
    await client.publish('kept:talk', 'warm');
    return told('warm');
  };
  await expect.poll(warm, patient).toBe(true);
  const task = await client.must('task.submit', { group: 'kept', payload: 1 });
  const job = await client.must('op.cron.schedule', { ...clock, payload: 'tick', interval_seconds: 1 });
  const iterations = (): readonly number[] =>
    client.events.flatMap(({ sender, metadata }) =>
      sender === 'op-cron' ? [(metadata as { iteration: number }).iteration] : [],
    );
  await expect.poll(() => iterations().length, patient).toBeGreaterThan(0);
  let before = 0;
  return {
    whileAway: async () => {
      before = iterations().length;
      await client.publish('kept:talk', 'from the cache');
      await expect.poll(() => told('from the cache'), patient).toBe(true);
      for (const [name, args] of [
        ['op.webhook.register', { url: sink.url, room: 'kept' }],
        ['op.webhook.update', { webhook_id: webhookId, status: 'disabled' }],
        ['op.webhook.deliveries', { webhook_id: webhookId }],
        ['op.cron.schedule', { ...clock, payload: 1, delay_seconds: 1 }],
        ['op.cron.pause', { job_id: job['job_id'] }],
        ['task.submit', { group: 'kept', payload: 2 }],
        ['task.cancel', { task_id: task['task_id'] }],
      ] as const) {
        expect([name, (await client.command(name, args)).code]).toEqual([name, 'UNAVAILABLE']);
      }
    },
    afterwards: async () => {
      // What was due meanwhile is less than a minute late: it fires, one by one, and none of it twice.
      await expect.poll(() => iterations().length, patient).toBeGreaterThan(before + 1);
      const fired = [...iterations()];
      expect(fired.toSorted((a, b) => a - b)).toEqual(fired.map((_, index) => index + 1));
      expect(await client.must('op.cron.pause', { job_id: job['job_id'] })).toMatchObject({ status: 'paused' });
      expect(await client.must('task.get', { task_id: task['task_id'] })).toMatchObject({ state: 'queued' });
      client.end();
      await sink.close();
    },
  };
}
