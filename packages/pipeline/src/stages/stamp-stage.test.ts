import type { Envelope, TenantId } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import type { Ingress } from '../ingress.ts';
import { createTestIngress, createTestOrigin } from '../ingress-rig.ts';
import { createStampStage } from './stamp-stage.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const nowMs = Date.UTC(2026, 2, 1, 9, 30);

function stamp(fields: Partial<Envelope>, origin = createTestOrigin()): Ingress['envelope'] {
  const ingress = createTestIngress(fields, origin);
  expect(createStampStage(() => 'arq_01JNB5QV8A9ZSERVER').check(ingress).kind).toBe('allow');
  return ingress.envelope;
}

function metadataOf(envelope: Envelope): unknown {
  return JSON.parse(decoder.decode(envelope.metadata));
}

describe('the stamp stage', () => {
  it('[LOG-12] overwrites sender and time, whatever the client wrote', () => {
    const envelope = stamp({ sender: 'n0a1b2c3d4e5f_somebodyelse', timestampMs: 1 });
    expect(envelope).toMatchObject({ sender: createTestOrigin().clientId, timestampMs: nowMs });
  });

  it('[LOG-5] keeps the id of the client, which is its idempotency key, and gives one where there is none', () => {
    expect(stamp({ id: 'arq_01JNB5QV8A9ZCLIENT' }).id).toBe('arq_01JNB5QV8A9ZCLIENT');
    expect(stamp({}).id).toBe('arq_01JNB5QV8A9ZSERVER');
  });

  it('[AUT-4] writes the tenant of the session, never the client’s word (T-07)', () => {
    const stage = createStampStage(() => 'arq_01JNB5QV8A9ZSERVER');
    for (const tenant of ['acme', 'globex', 'acme'] as TenantId[]) {
      const ingress = createTestIngress({}, createTestOrigin({ tenant }));
      stage.check(ingress);
      expect(metadataOf(ingress.envelope)).toEqual({ tenant_id: tenant });
    }
  });

  it('[LOG-12] keeps the client’s time where it differs', () => {
    expect(metadataOf(stamp({ timestampMs: nowMs - 1_500 }))).toEqual({
      tenant_id: 'acme',
      client_timestamp: '2026-03-01T09:29:58.500Z',
    });
    expect(metadataOf(stamp({ timestampMs: nowMs }))).toEqual({ tenant_id: 'acme' });
  });

  it('[PRT-11] carries the keys of the client as they are written', () => {
    const text = '{ "price": 1.0, "big": 1e2,\n "näme": "\\ud83d\\ude00" }';
    const bytes = stamp({ metadata: encoder.encode(text) }).metadata;
    expect(decoder.decode(bytes)).toBe('{"tenant_id":"acme","price": 1.0, "big": 1e2,\n "näme": "\\ud83d\\ude00"}');
  });

  it.each(['{}', '{ \n }'])('[PRT-11] stamps empty metadata %j', (text) => {
    expect(metadataOf(stamp({ metadata: encoder.encode(text) }))).toEqual({ tenant_id: 'acme' });
  });

  it('[AUT-4] shares the bytes of a tenant, and bounds how many tenants it keeps', () => {
    const stage = createStampStage(() => 'arq_01JNB5QV8A9ZSERVER');
    const metadata = (tenant: string): Uint8Array => {
      const ingress = createTestIngress({}, createTestOrigin({ tenant: tenant as TenantId }));
      stage.check(ingress);
      return ingress.envelope.metadata;
    };
    const first = metadata('acme');
    expect(metadata('acme')).toBe(first);
    for (let i = 0; i < 10_000; i++) metadata(`tenant-${i}`);
    expect(metadata('acme')).not.toBe(first);
    expect(metadata('acme')).toEqual(first);
  });
});
