import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { callBrain, createLocalSpine, createMemoryKeyValueStore, deadlineIn, mirrorKey } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createAuditRig } from '../audit/audit-rig.ts';
import type { AuditRig } from '../audit/audit-rig.ts';
import { serveMirrors } from './index.ts';

interface Rig {
  readonly audited: AuditRig;
  readonly bucket: KeyValue;
  put(pattern: string, percent: number, tenant?: string): Promise<string>;
  list(tenant?: string): Promise<readonly (readonly [string, number])[]>;
  remove(ruleId: string, tenant?: string): Promise<boolean>;
}

function start(): Rig {
  const spine = createLocalSpine();
  const bucket = createMemoryKeyValueStore().bucket('ARQON_MIRRORS');
  const observer = { onAnswered: () => undefined, onMalformed: () => undefined, onFailure: () => undefined };
  const audited = createAuditRig();
  serveMirrors({ spine, bucket, now: () => 7, audit: audited.audit, pageBytes: 262_144 }, observer);
  const who = { requestedBy: 'root', traceId: '' };
  return {
    audited,
    bucket,
    put: async (pattern, percent, tenant = 'acme') =>
      (await callBrain(spine, 'mirrors.put', { tenant, pattern, percent, ...who }, deadlineIn(2_000))).ruleId,
    list: async (tenant = 'acme') =>
      (await callBrain(spine, 'mirrors.list', { tenant }, deadlineIn(2_000))).items.map(
        ({ pattern, percent }) => [pattern, percent] as const,
      ),
    remove: async (ruleId, tenant = 'acme') =>
      (await callBrain(spine, 'mirrors.delete', { tenant, ruleId, ...who }, deadlineIn(2_000))).deleted,
  };
}

describe('rules of mirroring', () => {
  it('[MIR-1] are one a pattern, in their tenant, until they are taken away', async () => {
    const { put, list, remove } = start();
    const ruleId = await put('science:*', 10);
    expect(await put('science:*', 20)).toBe(ruleId);
    expect(await put('science:*', 5, 'globex')).toBe(ruleId);
    await put('arts', 0.5);
    expect(Object.fromEntries(await list())).toEqual({ arts: 0.5, 'science:*': 20 });
    expect([await remove(ruleId), await remove(ruleId)]).toEqual([true, false]);
    expect([await list(), await list('globex')]).toEqual([[['arts', 0.5]], [['science:*', 5]]]);
  });

  it.each([
    ['a b', 10, 'acme'],
    ['science', -1, 'acme'],
    ['science', 101, 'acme'],
    ['science', Number.NaN, 'acme'],
    ['science', 10, 'not a tenant'],
  ])('[MIR-1] %s with %d percent in %s is refused', async (pattern, percent, tenant) => {
    const { put, audited } = start();
    await expect(put(pattern, percent, tenant)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(audited.counts().recorded).toEqual([]);
  });

  it('[MIR-1] [PRD-5] are at most 64 in a tenant', async () => {
    const { put } = start();
    for (let n = 0; n < 64; n += 1) await put(`room-${n}`, 1);
    await expect(put('one-more', 1)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await put('room-7', 2)).toMatch(/^m_/);
  });

  it('[AUD-1] [MIR-1] are audited before they are changed, and not changed where that cannot be', async () => {
    const { put, remove, audited, bucket } = start();
    const ruleId = await put('science:*', 10);
    expect(audited.counts().recorded).toEqual(['intent', 'done']);
    audited.failure = new BusError('UNAVAILABLE');
    await expect(put('science:*', 20)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(remove(ruleId)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await bucket.get(mirrorKey('acme' as TenantId, ruleId))).toMatchObject({ revision: 1 });
  });
});
