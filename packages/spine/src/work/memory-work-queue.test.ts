import type { TenantId } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createMemoryWorkQueue } from './memory-work-queue.ts';
import { describeWorkQueue } from './work-queue.contract.ts';
import type { WorkItem } from './work-queue.ts';

const acme = 'acme' as TenantId;
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describeWorkQueue('in memory', async () => {
  const queue = createMemoryWorkQueue({ maxBytes: 1_048_576 });
  return { near: queue, far: queue, close: async () => undefined };
});

describe('the queue of work in memory', () => {
  it('[PRD-5] refuses what is too much, and takes more once something is done', async () => {
    const queue = createMemoryWorkQueue({ maxBytes: 100 });
    const items: WorkItem[] = [];
    await queue.take(3, { maxInHand: 9, onItem: (item) => void items.push(item), onEnded: () => undefined });
    const add = (id: string): Promise<void> => queue.add({ tenant: acme, partition: 3, id, data: new Uint8Array(60) });
    await add('e_1');
    await expect(add('e_2')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await turn();
    items[0]?.ack();
    await add('e_2');
    await turn();
    expect(items).toHaveLength(2);
  });

  it('[WHK-2] gives again what its taker threw at', async () => {
    const timers: (() => void)[] = [];
    const queue = createMemoryWorkQueue({ maxBytes: 100, startTimer: (_, run) => void timers.push(run) });
    let tries = 0;
    const onItem = (item: WorkItem): void => {
      tries += 1;
      if (tries === 1) throw new Error('a fault');
      item.ack();
    };
    await queue.take(3, { maxInHand: 9, onItem, onEnded: () => undefined });
    await queue.add({ tenant: acme, partition: 3, id: 'e_1', data: new Uint8Array(1) });
    await turn();
    for (const run of timers) run();
    await turn();
    expect(tries).toBe(2);
  });
});
