import type { TenantId } from '@arqonbus/protocol';
import type { EdgeOutcome } from '@arqonbus/spine';
import { createMemoryCronStore } from '@arqonbus/storage';
import { describe, expect, it } from 'vitest';
import { createCronJob } from './cron-rig.ts';
import { CronRunner } from './cron-runner.ts';
import type { PublishAtEdge } from './publish-occurrences.ts';

const NOW_MS = Date.parse('2025-11-26T07:00:00.000Z');
const busy = 'busy' as TenantId;
const quiet = 'quiet' as TenantId;
const MANY = 2_600;

const outcomesOf = (count: number): EdgeOutcome[] =>
  Array.from({ length: count }, () => ({ ok: true, id: '', payload: {}, json: new Uint8Array(0) }));

interface Rig {
  readonly store: ReturnType<typeof createMemoryCronStore>;
  readonly errors: unknown[];
  add(tenant: TenantId, count: number): Promise<void>;
  run(publish: PublishAtEdge): Promise<void>;
}

function createRig(): Rig {
  const store = createMemoryCronStore(() => 0);
  const errors: unknown[] = [];
  const clock = { now: () => NOW_MS, monotonicMs: () => 0 };
  const rest = { store, clock, isConnected: () => true, onError: (error: unknown) => void errors.push(error) };
  return {
    store,
    errors,
    add: async (tenant, count) => {
      const base = { nextAtMs: NOW_MS, startAtMs: NOW_MS };
      for (let n = 0; n < count; n += 1) {
        await store.add(tenant, createCronJob({ ...base, jobId: `c_${tenant}_${n}` }), MANY);
      }
    },
    run: (publish) => new CronRunner({ ...rest, publish }).tick(),
  };
}

describe('who fires what is due', () => {
  it('[CRN-2] [CRN-3] fires all that is due in one go, each once', async () => {
    const rig = createRig();
    await rig.add(busy, MANY);
    const ids: string[] = [];
    await rig.run(async ({ messages }) => {
      ids.push(...messages.map(({ envelope: { id = '' } }) => id));
      return outcomesOf(messages.length);
    });
    expect([ids.length, new Set(ids).size, rig.errors]).toEqual([MANY, MANY, []]);
    expect(await rig.store.dueTenants(NOW_MS, 10)).toEqual([]);
  });

  it('[CRN-2] [PRD-5] lets tenants take turns: one with thousands keeps another waiting for one claim', async () => {
    const rig = createRig();
    await rig.add(busy, MANY);
    await rig.add(quiet, 1);
    const order: TenantId[] = [];
    await rig.run(async ({ principal, messages }) => {
      order.push(...messages.map(() => principal.tenant as TenantId));
      return outcomesOf(messages.length);
    });
    expect(order).toHaveLength(MANY + 1);
    expect(order.indexOf(quiet)).toBeLessThanOrEqual(MANY / 5);
  });

  it('[CRN-2] [PRD-5] holds no more occurrences at a time than fit into two claims', async () => {
    const rig = createRig();
    await rig.add(busy, MANY);
    let [held, most] = [0, 0];
    await rig.run(async ({ messages }) => {
      held += messages.length;
      most = Math.max(most, held);
      await new Promise((resolve) => setImmediate(resolve));
      held -= messages.length;
      return outcomesOf(messages.length);
    });
    expect(most).toBeLessThanOrEqual(1_000);
  });

  it('[CRN-2] fires other tenants where nothing can be published for one, and claims no more of that one', async () => {
    const rig = createRig();
    await rig.add(busy, MANY);
    await rig.add(quiet, 700);
    const fired: string[] = [];
    await rig.run(async ({ principal, messages }) => {
      if (principal.tenant === busy) throw new Error('no');
      fired.push(...messages.map(({ envelope: { id = '' } }) => id));
      return outcomesOf(messages.length);
    });
    expect(fired).toHaveLength(700);
    const waiting = await rig.store.list(busy, { owner: undefined, after: '', limit: MANY });
    expect(waiting.filter(({ nextAtMs = 0 }) => nextAtMs <= NOW_MS).length).toBeGreaterThanOrEqual(MANY - 1_000);
  });
});
