import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import type { WorkItem, WorkQueue, WorkTaker } from './work-queue.ts';

/** Opens a queue. Two that are open at once are the same one; `close` ends what was opened. */
export type OpenTestQueue = () => Promise<{
  readonly near: WorkQueue;
  readonly far: WorkQueue;
  close(): Promise<void>;
}>;

const decoder = new TextDecoder();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Somebody who takes work, and what it has been given so far. */
interface Worker {
  readonly items: WorkItem[];
  readonly texts: () => string[];
  readonly ended: () => boolean;
  readonly taker: WorkTaker;
}

/** What every queue of work does (ARC-7). */
export function describeWorkQueue(name: string, open: OpenTestQueue): void {
  describe(`WorkQueue: ${name}`, () => {
    let queue: Awaited<ReturnType<OpenTestQueue>>;
    let acme: TenantId;
    let partition = 0;
    const takers: WorkTaker[] = [];

    beforeEach(async () => {
      queue = await open();
      acme = `t.${randomUUID()}` as TenantId;
      partition = (partition + 1) % 16;
    });

    afterEach(async () => {
      for (const taker of takers.splice(0)) taker.stop();
      await queue.close();
    });

    const add = (text: string, to: Partial<{ tenant: TenantId; partition: number; id: string }> = {}): Promise<void> =>
      queue.near.add({ tenant: acme, partition, id: randomUUID(), data: bytes(text), ...to });

    async function work(on: WorkQueue, maxInHand = 100, of = partition): Promise<Worker> {
      const items: WorkItem[] = [];
      let isEnded = false;
      const onItem = (item: WorkItem): void => void items.push(item);
      const taker = await on.take(of, { maxInHand, onItem, onEnded: () => void (isEnded = true) });
      takers.push(taker);
      const texts = (): string[] => items.map(({ data }) => decoder.decode(data));
      return { items, texts, ended: () => isEnded, taker };
    }

    const until = (worker: Worker, texts: readonly string[]): Promise<void> =>
      vi.waitFor(() => expect(worker.texts()).toEqual(texts), 8_000);

    it('[WHK-2] gives what was added, before and after it is taken, in its order and to one taker alone', async () => {
      for (const text of ['one', 'two \u{1f680}']) await add(text);
      const worker = await work(queue.far);
      await add('three');
      await add('of another partition', { partition: (partition + 1) % 16 });
      await until(worker, ['one', 'two \u{1f680}', 'three']);
      const seqs = worker.items.map(({ seq }) => seq);
      expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
      expect(worker.items.map(({ tenant }) => tenant)).toEqual([acme, acme, acme]);
      for (const item of worker.items) item.ack();
      const other = await work(queue.near, 100, (partition + 1) % 16);
      await until(other, ['of another partition']);
      other.items[0]?.ack();
    });

    it('[WHK-2] [LOG-5] takes the same work once, and of another tenant as another', async () => {
      const id = randomUUID();
      await add('once', { id });
      await add('twice', { id });
      await add('theirs', { id, tenant: `${acme}x` as TenantId });
      const worker = await work(queue.far);
      await add('last');
      await until(worker, ['once', 'theirs', 'last']);
      expect(worker.items[1]?.tenant).toBe(`${acme}x`);
      for (const item of worker.items) item.ack();
    });

    it('[WHK-2] what is put off comes again with its place, and what is done does not', async () => {
      for (const text of ['done', 'put off', 'held']) await add(text);
      const worker = await work(queue.far);
      await until(worker, ['done', 'put off', 'held']);
      worker.items[0]?.ack();
      worker.items[1]?.nak(20);
      await until(worker, ['done', 'put off', 'held', 'put off']);
      expect(worker.items[3]?.seq).toBe(worker.items[1]?.seq);
      // Ended once is ended.
      worker.items[1]?.ack();
      worker.taker.stop();
      const next = await work(queue.near);
      await until(next, ['put off', 'held']);
      for (const item of next.items) item.ack();
    });

    it('[WHK-2] [BRN-1] who takes over gets what the other had in hand, first and in order, and the other ends', async () => {
      for (const text of ['one', 'two', 'three']) await add(text);
      const first = await work(queue.near);
      await until(first, ['one', 'two', 'three']);
      first.items[1]?.ack();
      // An hour is for who put it off: who takes over looks at it himself.
      first.items[0]?.nak(3_600_000);
      await add('four');
      await until(first, ['one', 'two', 'three', 'four']);
      await vi.waitFor(async () => {
        const second = await work(queue.far);
        await until(second, ['one', 'three', 'four']);
        for (const item of second.items) item.ack();
      }, 8_000);
      await vi.waitFor(() => expect(first.ended()).toBe(true), 8_000);
      await add('five');
      expect(first.texts()).toHaveLength(4);
    });

    it('[PRD-5] hands out no more at once than its taker wants', async () => {
      for (let number = 10; number < 20; number += 1) await add(`job ${number}`);
      const worker = await work(queue.far, 3);
      await until(worker, ['job 10', 'job 11', 'job 12']);
      worker.items[1]?.ack();
      await until(worker, ['job 10', 'job 11', 'job 12', 'job 13']);
      worker.items[0]?.ack();
      worker.items[2]?.ack();
      await until(worker, ['job 10', 'job 11', 'job 12', 'job 13', 'job 14', 'job 15']);
      for (let done = 3; done < 10; done += 1) {
        await vi.waitFor(() => expect(worker.items.length).toBeGreaterThan(done), 8_000);
        worker.items[done]?.ack();
      }
    });

    it('[ARC-7] keeps its own copy', async () => {
      const data = bytes('before');
      await queue.near.add({ tenant: acme, partition, id: randomUUID(), data });
      data.fill(0);
      const worker = await work(queue.far);
      await vi.waitFor(() => expect(worker.texts()).toEqual(['before']), 8_000);
      worker.items[0]?.ack();
    });
  });
}
