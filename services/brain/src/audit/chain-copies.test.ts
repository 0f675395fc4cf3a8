import { BusError } from '@arqonbus/protocol';
import type { AuditCopy, CopiedPlace, CopiedRecord } from '@arqonbus/storage';
import { beforeEach, describe, expect, it } from 'vitest';
import { acme, createAuditRig } from './audit-rig.ts';
import type { AuditRig } from './audit-rig.ts';
import { createChainCopies } from './chain-copies.ts';
import type { ChainCopies } from './chain-copies.ts';
import { watchChains } from './watch-chains.ts';

const globex = 'globex' as typeof acme;
let rig: AuditRig;
let stored: Map<string, CopiedRecord>;
let failure: Error | undefined;
let copies: ChainCopies;
let batches: number[];
let errors: unknown[];

beforeEach(() => {
  rig = createAuditRig();
  stored = new Map();
  failure = undefined;
  batches = [];
  errors = [];
  rig.copy = createMemoryCopy();
  copies = createChainCopies({
    trail: rig.trail,
    copy: rig.copy,
    onCopied: (records) => void batches.push(records),
    onError: (error) => void errors.push(error),
  });
});

/** As the one in Postgres, whose contract suite holds it to this. */
function createMemoryCopy(): AuditCopy {
  const of = (tenant: string): CopiedPlace[] => {
    if (failure !== undefined) throw failure;
    const records = [...stored].filter(([key]) => key.startsWith(`${tenant}/`)).map(([, record]) => record);
    return records.map(({ seq, hash, position }) => ({ seq, hash, position })).toSorted((a, b) => a.seq - b.seq);
  };
  return {
    async add(tenant, records) {
      for (const record of records) {
        const key = `${tenant}/${record.seq}`;
        if (!stored.has(key)) stored.set(key, record);
      }
    },
    last: async (tenant) => of(tenant).at(-1),
    after: async (tenant, seq, limit) =>
      of(tenant)
        .filter((place) => place.seq > seq)
        .slice(0, limit),
  };
}

async function note(count: number, tenant = acme): Promise<void> {
  const action = { tenant, actor: 'user:root', action: 'op.ban.lift', target: 'user:mallory' };
  for (let i = 0; i < count; i++) await rig.audit.note(action);
  copies.note(tenant);
}

describe('copies of the chains', () => {
  it('[AUD-1] take what is new, once, batch by batch', async () => {
    await note(450);
    await copies.run();
    await copies.run();
    await note(1);
    await copies.run();
    expect([batches, stored.size, copies.behind()]).toEqual([[450, 1], 451, 0]);
    expect(await rig.verify()).toMatchObject({ checked: 451 });
    expect(stored.get(`${acme}/451`)).toMatchObject({ seq: 451, position: 451 });
  });

  it('[AUD-1] R-18: fall behind while Postgres is away, and drain without a hole', async () => {
    await note(3);
    await note(2, globex);
    failure = new BusError('UNAVAILABLE');
    for (let i = 0; i < 3; i++) await copies.run();
    expect([stored.size, copies.behind(), errors.length]).toEqual([0, 2, 1]);
    await note(1);
    failure = undefined;
    await copies.run();
    expect([stored.size, copies.behind()]).toEqual([6, 0]);
  });

  it('[AUD-1] [PRD-4] one chain that cannot be read keeps no other from being copied', async () => {
    await note(2);
    await note(2, globex);
    rig.tamper((entries) =>
      entries.map((entry) => (entry.position === 2 ? { ...entry, data: Uint8Array.of(0xff, 0xff) } : entry)),
    );
    await copies.run();
    expect([...stored.keys()]).toEqual(['globex/1', 'globex/2']);
    expect(errors).toHaveLength(1);
  });
});

describe('verifying with a copy', () => {
  const broken: string[] = [];
  const watch = async (): Promise<readonly string[]> => {
    broken.length = 0;
    await watchChains({
      ...rig,
      isOurs: () => true,
      onBroken: (tenant, { seq }) => void broken.push(`${tenant} ${seq}`),
    });
    return broken;
  };

  beforeEach(async () => {
    await note(1_200);
    await copies.run();
  });

  it('[AUD-1] [AUD-2] tells how much of it was compared', async () => {
    await note(1);
    expect((await rig.verify()).broken).toBeUndefined();
    expect([(await rig.verify()).compared, await watch()]).toEqual([1_200, []]);
    failure = new BusError('UNAVAILABLE');
    expect(await rig.verify()).toMatchObject({ checked: 1_201, compared: 0 });
    expect(await watch()).toEqual([]);
  });

  it('[AUD-2] O-15: finds a tail that was cut off trail and checkpoint alike', async () => {
    rig.tamper((entries) => entries.slice(0, 1_100));
    rig.checkpoints.find = async () => undefined;
    expect((await rig.verify()).broken).toEqual({ seq: 1_101, problem: 'truncated' });
    rig.checkpoints.list = async () => [[acme, (await rig.verify()).end]];
    expect(await watch()).toEqual([`${acme} 1200`]);
  });

  it('[AUD-2] O-15: finds a chain that was written anew, checkpoint and all', async () => {
    const forged = createAuditRig();
    const action = { tenant: acme, actor: 'user:eve', action: 'op.ban.lift', target: 'user:mallory' };
    for (let i = 0; i < 1_200; i++) await forged.audit.note(action);
    forged.copy = rig.copy;
    expect((await forged.verify()).broken).toEqual({ seq: 1, problem: 'rewritten' });
  });
});
