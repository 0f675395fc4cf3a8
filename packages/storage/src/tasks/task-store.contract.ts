import type { TenantId } from '@arqonbus/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StoredTask, TaskStore } from './task-store.ts';

/** Opens a store; `close` ends it. */
export type OpenTaskStore = () => Promise<{ readonly store: TaskStore; close(): Promise<void> }>;

const NOW_MS = Date.parse('2026-11-26T06:30:00.250Z');
const PAYLOAD = '{"text":"Größe 🚀 \\u0000 \\ud800","n":[1,null]}';
let counter = 0;

function task(more: Partial<StoredTask> = {}): StoredTask {
  return {
    taskId: `t_${String((counter += 1)).padStart(26, '0')}`,
    group: 'research',
    submittedBy: 'auth0|5f 0c*>.~=',
    idempotencyKey: '',
    createdAtMs: NOW_MS,
    endedAtMs: undefined,
    isDead: false,
    record: '{"state":{"kind":"queued"}}',
    ...more,
  };
}

/** An engine inside this process takes long on a busy machine. */
const OPEN_TIMEOUT_MS = 90_000;

/** What every {@link TaskStore} does (ARC-7). */
export function describeTaskStore(name: string, open: OpenTaskStore): void {
  describe(`TaskStore: ${name}`, () => {
    let opened: Awaited<ReturnType<OpenTaskStore>>;
    let store: TaskStore;
    // Tenants of its own keep the tests apart.
    let tenant: TenantId;
    let other: TenantId;
    beforeAll(async () => {
      opened = await open();
      ({ store } = opened);
    }, OPEN_TIMEOUT_MS);
    beforeEach(() => {
      tenant = `tasks-${(counter += 1)}` as TenantId;
      other = `tasks-${(counter += 1)}` as TenantId;
    });
    afterAll(() => opened.close());

    it('[OPR-2] keeps a task and its payload as they were given', async () => {
      const given = task({ idempotencyKey: 'k 1' });
      expect(await store.add(tenant, given, PAYLOAD)).toEqual({ task: given, version: 1 });
      expect(await store.get(tenant, given.taskId)).toEqual({ task: given, version: 1 });
      expect(await store.payload(tenant, given.taskId)).toBe(PAYLOAD);
      expect(await store.get(tenant, 't_none')).toBeUndefined();
      expect(await store.payload(tenant, 't_none')).toBeUndefined();
    });

    it('[OPR-2] gives the same task for the same key of the same submitter, and adds none', async () => {
      const first = task({ idempotencyKey: 'order-7' });
      await store.add(tenant, first, PAYLOAD);
      expect(await store.add(tenant, task({ idempotencyKey: 'order-7' }), '2')).toEqual({ task: first, version: 1 });
      expect(await store.findByKey(tenant, first.submittedBy, 'order-7')).toEqual({ task: first, version: 1 });
      expect(await store.findByKey(tenant, first.submittedBy, 'order-8')).toBeUndefined();
      expect(await store.findByKey(other, first.submittedBy, 'order-7')).toBeUndefined();
      const ofOther = task({ idempotencyKey: 'order-7', submittedBy: 'ben' });
      expect((await store.add(tenant, ofOther, '3')).task).toEqual(ofOther);
      const elsewhere = task({ idempotencyKey: 'order-7' });
      expect((await store.add(other, elsewhere, '4')).task).toEqual(elsewhere);
      expect((await store.listOpen(tenant)).map((one) => one.task.taskId)).toEqual([first.taskId, ofOther.taskId]);
    });

    it('[OPR-2] adds one task for a key that many use at once', async () => {
      const all = await Promise.all(
        Array.from({ length: 8 }, () => store.add(tenant, task({ idempotencyKey: 'once' }), PAYLOAD)),
      );
      expect(new Set(all.map((one) => one.task.taskId)).size).toBe(1);
      expect(await store.listOpen(tenant)).toHaveLength(1);
    });

    it('[OPR-3] [BRN-1] lets one of two changes of the same version win', async () => {
      const given = task();
      await store.add(tenant, given, PAYLOAD);
      const changes = ['a', 'b', 'c', 'd'].map((record) => store.replace(tenant, { ...given, record }, 1));
      const outcomes = await Promise.all(changes);
      expect(outcomes.filter((version) => version === 2)).toHaveLength(1);
      expect(outcomes.filter((version) => version === undefined)).toHaveLength(3);
      const winner = 'abcd'[outcomes.indexOf(2)];
      expect(await store.get(tenant, given.taskId)).toEqual({ task: { ...given, record: winner }, version: 2 });
      expect(await store.replace(tenant, task(), 1)).toBeUndefined();
    });

    it('[OPR-3] lists as open what has not ended, and what nobody was told the end of', async () => {
      const [running, ended] = [task(), task()];
      await store.add(tenant, running, PAYLOAD);
      await store.add(tenant, ended, PAYLOAD);
      await store.replace(tenant, { ...ended, endedAtMs: NOW_MS + 5 }, 1);
      const open = async (): Promise<string[]> => (await store.listOpen(tenant)).map((one) => one.task.taskId);
      expect(await open()).toEqual([running.taskId, ended.taskId]);
      await store.close(tenant, [running.taskId, ended.taskId, 't_none']);
      expect(await open()).toEqual([running.taskId]);
      // Tried again, it is open again.
      await store.replace(tenant, ended, 2);
      expect(await open()).toEqual([running.taskId, ended.taskId]);
    });

    it('[OPR-3] lists the dead of a group, or of all, from where it is asked to', async () => {
      const given = [task(), task({ group: 'art' }), task(), task()];
      for (const one of given) await store.add(tenant, one, PAYLOAD);
      for (const one of given.slice(0, 3)) {
        await store.replace(tenant, { ...one, isDead: true, endedAtMs: NOW_MS + 1 }, 1);
      }
      const dead = async (group: string, after = '', limit = 10): Promise<string[]> =>
        (await store.listDead(tenant, { group, after, limit })).map((one) => one.task.taskId);
      const [first = '', art = '', third = ''] = given.map(({ taskId }) => taskId);
      expect(await dead('')).toEqual([first, art, third]);
      expect(await dead('research')).toEqual([first, third]);
      expect(await dead('', first, 1)).toEqual([art]);
    });

    it('[OPR-3] removes what ended long ago, and nothing else', async () => {
      const [old, young, running] = [task(), task(), task()];
      for (const one of [old, young, running]) await store.add(tenant, one, PAYLOAD);
      await store.replace(tenant, { ...old, endedAtMs: NOW_MS - 1 }, 1);
      await store.replace(tenant, { ...young, endedAtMs: NOW_MS }, 1);
      await store.removeEnded(tenant, NOW_MS);
      expect(await store.get(tenant, old.taskId)).toBeUndefined();
      expect((await store.listOpen(tenant)).map((one) => one.task.taskId)).toEqual([young.taskId, running.taskId]);
    });

    it('[PRD-4] keeps tenants apart in everything', async () => {
      const given = task({ isDead: true, endedAtMs: NOW_MS - 1 });
      await store.add(tenant, given, PAYLOAD);
      await store.add(other, { ...given, group: 'theirs' }, '0');
      expect((await store.get(tenant, given.taskId))?.task.group).toBe('research');
      expect(await store.payload(other, given.taskId)).toBe('0');
      await store.replace(other, { ...given, record: 'x' }, 1);
      await store.close(other, [given.taskId]);
      await store.removeEnded(other, NOW_MS);
      expect(await store.get(tenant, given.taskId)).toEqual({ task: given, version: 1 });
      expect(await store.listOpen(tenant)).toHaveLength(1);
      expect(await store.listDead(other, { group: '', after: '', limit: 9 })).toEqual([]);
      expect(await store.tenants()).toEqual(expect.arrayContaining([tenant]));
    });
  });
}
