import { DEFAULT_CASIL_SETTINGS } from '@arqonbus/casil';
import { BusError } from '@arqonbus/protocol';
import { AuditRecordSchema, CasilRecordSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { callBrain, casilKey, createLocalSpine, createMemoryKeyValueStore, deadlineIn } from '@arqonbus/spine';
import type { TenantId } from '@arqonbus/protocol';
import type { KeyValue, Spine } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createAuditRig } from '../audit/audit-rig.ts';
import type { AuditRig } from '../audit/audit-rig.ts';
import { serveCasil } from './index.ts';

interface Rig {
  readonly spine: Spine;
  readonly bucket: KeyValue;
  readonly lines: object[];
  readonly rig: AuditRig;
  reload(change: unknown, tenant?: string): Promise<object>;
  stored(tenant?: string): Promise<unknown>;
}

function start(bucket: KeyValue = createMemoryKeyValueStore().bucket('ARQON_CASIL')): Rig {
  const spine = createLocalSpine();
  const lines: object[] = [];
  const logger = { info: (fields: object) => void lines.push(fields) };
  const observer = { onAnswered: () => undefined, onMalformed: () => undefined, onFailure: () => undefined };
  const rig = createAuditRig();
  const { audit } = rig;
  serveCasil({ spine, bucket, configured: DEFAULT_CASIL_SETTINGS, now: () => 7, audit, logger }, observer);
  return {
    spine,
    bucket,
    lines,
    rig,
    reload: async (change, tenant = 'acme') => {
      const bytes = new TextEncoder().encode(JSON.stringify(change));
      const request = { tenant, change: bytes, requestedBy: 'root', traceId: '' };
      const { settings } = await callBrain(spine, 'casil.reload', request, deadlineIn(2_000));
      return JSON.parse(new TextDecoder().decode(settings)) as object;
    },
    stored: async (tenant = 'acme') => {
      const entry = await bucket.get(casilKey(tenant as TenantId));
      if (entry === undefined) return undefined;
      const { settings, changedBy, changedAtMs } = fromBinary(CasilRecordSchema, entry.value);
      return { settings: JSON.parse(new TextDecoder().decode(settings)) as object, changedBy, at: Number(changedAtMs) };
    },
  };
}

describe('changing CASIL of a tenant', () => {
  it('[CAS-9] lays a change over the one before and stores the whole, with who made it', async () => {
    const { reload, stored, lines } = start();
    await reload({ mode: 'enforce' });
    expect(await reload({ enabled: true, detectors: { email: 'redact' } })).toEqual({
      mode: 'enforce',
      enabled: true,
      detectors: { email: 'redact' },
    });
    await reload({ mode: 'monitor' }, 'globex');
    expect(await stored()).toMatchObject({ settings: { mode: 'enforce', enabled: true }, changedBy: 'root', at: 7 });
    expect(await stored('globex')).toMatchObject({ settings: { mode: 'monitor' } });
    expect(lines[0]).toEqual({ event: 'casil_changed', tenant: 'acme', settings: ['mode'], changed_by: 'root' });
  });

  it('[CAS-9] [AUD-1] is refused with CONFLICT where others are faster every time, and never told as made', async () => {
    const stored = createMemoryKeyValueStore().bucket('ARQON_CASIL');
    const { reload, rig } = start({
      get: (key) => stored.get(key),
      list: (prefix) => stored.list(prefix),
      watch: (prefix, onEntry) => stored.watch(prefix, onEntry),
      delete: (key, revision) => stored.delete(key, revision),
      create: () => Promise.reject(new BusError('CONFLICT')),
      update: () => Promise.reject(new BusError('CONFLICT')),
    });
    await expect(reload({ mode: 'enforce' })).rejects.toMatchObject({ code: 'CONFLICT' });
    const range = { afterPosition: 0, limit: 100, maxBytes: 65_536 };
    const records = (await rig.trail.read('acme' as TenantId, range)).map(({ data }) =>
      fromBinary(AuditRecordSchema, data),
    );
    const outcomes = records.filter(({ phase }) => phase !== 'intent');
    expect(outcomes).toHaveLength(5);
    for (const { after, details } of outcomes) expect([after, details]).toEqual(['', '{"code":"CONFLICT"}']);
  });

  it.each([
    [{ mode: 'strict' }],
    [{ redaction_patterns: ['('] }],
    [{ redaction_patterns: ['a', 'b'], max_patterns: 1 }],
    [{ no_such: true }],
    [[1]],
    ['enforce'],
    [{ redaction_paths: Array.from({ length: 300 }, () => 'x') }],
  ])('[CAS-9] [CAS-2] refuses what makes no policy, and stores nothing of it: %j', async (change) => {
    const { reload, stored } = start();
    await reload({ mode: 'enforce' });
    await expect(reload(change)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(await stored()).toMatchObject({ settings: { mode: 'enforce' } });
    await expect(reload({ mode: 'enforce' }, 'not a tenant')).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('[CAS-9] loses no change of two that are made at once', async () => {
    const { reload, stored } = start();
    await Promise.all([reload({ mode: 'enforce' }), reload({ enabled: true }), reload({ partial: 'allow' })]);
    expect(await stored()).toMatchObject({ settings: { mode: 'enforce', enabled: true, partial: 'allow' } });
  });

  it('[CAS-9] writes a record anew that cannot be read, and resets', async () => {
    const { reload, stored, bucket, spine } = start();
    await bucket.create(casilKey('acme' as TenantId), Uint8Array.of(0xff, 0xff));
    await reload({ mode: 'enforce' });
    expect(await stored()).toMatchObject({ settings: { mode: 'enforce' } });
    const request = { tenant: 'acme', requestedBy: 'root', traceId: '' };
    expect(await callBrain(spine, 'casil.reset', request, deadlineIn(2_000))).toMatchObject({ reset: true });
    expect(await callBrain(spine, 'casil.reset', request, deadlineIn(2_000))).toMatchObject({ reset: false });
    expect(await stored()).toBeUndefined();
  });

  it('[AUD-1] [CAS-9] is audited before it is done, and not done where that cannot be', async () => {
    const { reload, stored, rig } = start();
    await reload({ mode: 'enforce' });
    expect(rig.counts().recorded.length).toBeGreaterThan(0);
    rig.failure = new BusError('UNAVAILABLE');
    await expect(reload({ mode: 'monitor' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await stored()).toMatchObject({ settings: { mode: 'enforce' } });
  });
});
