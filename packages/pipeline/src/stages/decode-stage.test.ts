import { DEFAULT_LIMITS, createEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import type { Ingress, WireFormat } from '../ingress.ts';
import { createTestIngress, createTestOrigin } from '../ingress-rig.ts';
import { createDecodeStage } from './decode-stage.ts';

const stage = createDecodeStage(DEFAULT_LIMITS);
const encoder = new TextEncoder();

function arrive(frame: Uint8Array, format: WireFormat): Ingress {
  return { ...createTestIngress({}, createTestOrigin({ format })), frame };
}

describe('the decode stage', () => {
  it('[PRT-11] reads JSON frames of JSON connections', () => {
    const frame = { id: 'arq_01JNB5QV8A9Z', type: 'message', room: 'science:general', payload: { text: 'Привет' } };
    const ingress = arrive(encoder.encode(JSON.stringify(frame)), 'json');
    expect(stage.check(ingress).kind).toBe('allow');
    expect(ingress.envelope).toMatchObject({
      id: 'arq_01JNB5QV8A9Z',
      type: 'event',
      room: 'science',
      channel: 'general',
    });
  });

  it('[PRT-11] reads Protobuf frames of Protobuf connections', () => {
    const sent = { ...createEnvelope('event'), id: 'arq_01JNB5QV8A9Z', room: 'science', channel: 'general' };
    const ingress = arrive(encodeProtoEnvelope(sent), 'proto');
    expect(stage.check(ingress).kind).toBe('allow');
    expect(ingress.envelope).toEqual(sent);
  });

  it('[PRT-9] does not guess: JSON on a Protobuf connection is malformed, and the other way round', () => {
    const json = encoder.encode('{"type":"event"}');
    expect(stage.check(arrive(json, 'proto'))).toMatchObject({ kind: 'block', code: 'VALIDATION_ERROR' });
    const proto = encodeProtoEnvelope(createEnvelope('event'));
    expect(stage.check(arrive(proto, 'json'))).toMatchObject({ kind: 'block', code: 'VALIDATION_ERROR' });
  });

  it('[PRT-10] names the fields that are wrong, and the message wherever its id can be read', () => {
    const ingress = arrive(encoder.encode('{"id":"arq_01JNB5QV8A9Z","type":"event","room":7}'), 'json');
    expect(stage.check(ingress)).toMatchObject({
      kind: 'block',
      code: 'VALIDATION_ERROR',
      reason: 'malformed',
      errors: [expect.objectContaining({ field: 'room' })],
    });
    expect(ingress.envelope.id).toBe('arq_01JNB5QV8A9Z');
  });

  it('[PRT-10] leaves the id empty where none can be read', () => {
    const ingress = arrive(encoder.encode('not json at all'), 'json');
    expect(stage.check(ingress)).toMatchObject({ kind: 'block', code: 'VALIDATION_ERROR' });
    expect(ingress.envelope.id).toBe('');
  });

  it('[PRT-8] refuses __proto__ before anybody else sees the message', () => {
    const ingress = arrive(encoder.encode('{"type":"event","payload":{"__proto__":{"isAdmin":true}}}'), 'json');
    expect(stage.check(ingress)).toMatchObject({ kind: 'block', code: 'VALIDATION_ERROR' });
  });
});
