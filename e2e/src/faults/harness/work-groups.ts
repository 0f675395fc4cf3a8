import { createClient } from '@arqonbus/sdk';
import type { ArqonClient, SubmittedTask } from '@arqonbus/sdk';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { FaultCluster } from './fault-cluster.ts';

/** Work groups of several tenants, so that every Brain owns some of them. */
export interface WorkGroups {
  /** Lets the operators finish, and checks that everything that was taken in is done, with its own result. */
  check(): Promise<void>;
}

const TENANTS = ['workers-1', 'workers-2', 'workers-3', 'workers-4'];
const TASKS_EACH = 4;

/** Starts them: when this resolves each tenant has tasks that are worked on, and tasks that wait. */
export async function startWorkGroups(bus: FaultCluster): Promise<WorkGroups> {
  const clients: ArqonClient[] = [];
  const connect = async (shield: number, tenant: string, user: string): Promise<ArqonClient> => {
    const token = await bus.token({ tenant, user });
    const client = createClient({ url: `ws://127.0.0.1:${bus.port(shield)}/v1/socket`, token, webSocket: WebSocket });
    clients.push(client);
    await client.connect();
    return client;
  };
  const finishing: (() => void)[] = [];
  let isFinishing = false;
  const untilFinishing = (): Promise<void> =>
    isFinishing ? Promise.resolve() : new Promise((resolve) => void finishing.push(resolve));
  const tasks: { readonly n: string; readonly task: SubmittedTask }[] = [];
  for (const tenant of TENANTS) {
    const [submitter, worker] = [await connect(0, tenant, 'ada'), await connect(1, tenant, 'ben')];
    await worker.operator('research', { maxInFlight: 2 }, async (payload) => {
      await untilFinishing();
      return payload;
    });
    for (let count = 0; count < TASKS_EACH; count++) {
      const n = `${tenant}/${count}`;
      tasks.push({ n, task: submitter.submitTask({ group: 'research', payload: n }) });
    }
  }
  await Promise.all(tasks.map(({ task }) => task.id));
  await expect.poll(() => finishing.length).toBe(2 * TENANTS.length);
  return {
    check: async () => {
      isFinishing = true;
      for (const finish of finishing) finish();
      const results = await Promise.all(tasks.map(({ task }) => task.result));
      expect(results).toEqual(tasks.map(({ n }) => ({ state: 'done', payload: n, results: [] })));
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}
