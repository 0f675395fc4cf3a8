import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryEnvelope } from './envelope.arbitrary.ts';
import { ANY_SEQ } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { EnvelopeSchema, EnvelopeType, ReplyStatus } from './gen/arqon/v1/envelope_pb.js';
import type { Envelope as Generated } from './gen/arqon/v1/envelope_pb.js';
import { decodeJsonEnvelope } from './json/decode-json-envelope.ts';
import { encodeJsonEnvelope } from './json/encode-json-envelope.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { decodeProtoEnvelope, decodeTrustedProtoEnvelope } from './proto/decode-proto-envelope.ts';
import { encodeProtoEnvelope } from './proto/encode-proto-envelope.ts';

function fromJson(bytes: Uint8Array): Envelope {
  const result = decodeJsonEnvelope(bytes, DEFAULT_LIMITS);
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.envelope;
}

function fromProto(bytes: Uint8Array): Envelope {
  const result = decodeProtoEnvelope(bytes, DEFAULT_LIMITS);
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.envelope;
}

const generatedTypes: Readonly<Record<Envelope['type'], EnvelopeType>> = {
  event: EnvelopeType.EVENT,
  private: EnvelopeType.PRIVATE,
  command: EnvelopeType.COMMAND,
  telemetry: EnvelopeType.TELEMETRY,
  system: EnvelopeType.SYSTEM,
  response: EnvelopeType.RESPONSE,
  error: EnvelopeType.ERROR,
  task: EnvelopeType.TASK,
};

const generatedStatuses: Readonly<Record<Envelope['status'], ReplyStatus>> = {
  '': ReplyStatus.UNSPECIFIED,
  success: ReplyStatus.SUCCESS,
  error: ReplyStatus.ERROR,
};

function toGenerated(envelope: Envelope): Generated {
  const {
    type,
    status,
    timestampMs,
    seq,
    prevSeq,
    vectorClock,
    to,
    vector,
    capabilities,
    headers,
    expectedSeq,
    ...rest
  } = envelope;
  return create(EnvelopeSchema, {
    ...rest,
    type: generatedTypes[type],
    status: generatedStatuses[status],
    timestampMs: BigInt(timestampMs),
    seq: BigInt(seq),
    prevSeq: BigInt(prevSeq),
    vectorClock: Object.fromEntries(Object.entries(vectorClock).map(([name, value]) => [name, BigInt(value)])),
    to: [...to],
    vector: [...vector],
    capabilities: [...capabilities],
    headers: { ...headers },
    ...(expectedSeq === ANY_SEQ ? {} : { expectedSeq: BigInt(expectedSeq) }),
  });
}

describe('the two wire formats', () => {
  it('[PRT-11] JSON is lossless for every valid envelope', () => {
    fc.assert(
      fc.property(arbitraryEnvelope, (envelope) => {
        expect(fromJson(encodeJsonEnvelope(envelope))).toEqual(envelope);
      }),
    );
  });

  it('[PRT-11] Protobuf is lossless for every valid envelope, checked and trusted', () => {
    fc.assert(
      fc.property(arbitraryEnvelope, (envelope) => {
        const bytes = encodeProtoEnvelope(envelope);
        expect(fromProto(bytes)).toEqual(envelope);
        expect(decodeTrustedProtoEnvelope(bytes)).toEqual(envelope);
      }),
    );
  });

  it('[PRT-11] JSON to Protobuf to JSON changes no byte, and the other way round', () => {
    fc.assert(
      fc.property(arbitraryEnvelope, (envelope) => {
        const json = encodeJsonEnvelope(envelope);
        const proto = encodeProtoEnvelope(fromJson(json));
        expect(encodeJsonEnvelope(fromProto(proto))).toEqual(json);
        expect(encodeProtoEnvelope(fromJson(encodeJsonEnvelope(fromProto(proto))))).toEqual(proto);
      }),
    );
  });

  it('[PRT-11] what we write in JSON is what JSON.parse reads', () => {
    fc.assert(
      fc.property(arbitraryEnvelope, (envelope) => {
        const read = JSON.parse(
          new TextDecoder('utf-8', { fatal: true }).decode(encodeJsonEnvelope(envelope)),
        ) as Record<string, unknown>;
        expect(read['type']).toBe(envelope.type);
        expect(read['error'] ?? '').toBe(envelope.error);
        expect(read['intent'] ?? '').toBe(envelope.intent);
        expect(read['capabilities'] ?? []).toEqual(envelope.capabilities);
        expect(read['headers'] ?? {}).toEqual(envelope.headers);
      }),
    );
  });

  it('[PRT-11] the hand-written encoder writes the bytes that generated code reads', () => {
    fc.assert(
      fc.property(arbitraryEnvelope, (envelope) => {
        expect(fromBinary(EnvelopeSchema, encodeProtoEnvelope(envelope))).toEqual(toGenerated(envelope));
      }),
    );
  });

  it('[PRT-11] the hand-written decoder reads the bytes that generated code writes', () => {
    fc.assert(
      fc.property(arbitraryEnvelope, (envelope) => {
        const bytes = toBinary(EnvelopeSchema, toGenerated(envelope));
        expect(fromProto(bytes)).toEqual(envelope);
        expect(decodeTrustedProtoEnvelope(bytes)).toEqual(envelope);
      }),
    );
  });

  it('[PRT-8] refuses the same faults in both formats', () => {
    const faults: readonly Partial<Envelope>[] = [
      { version: '2.0' },
      { id: 'not an id' },
      { room: '../etc' },
      { room: 'a:b', channel: 'c' },
      { room: 'a:' },
      { channel: 'no spaces' },
      { room: 'lobby\u202e' },
      { to: ['user:'] },
      { to: Array.from({ length: 65 }, () => 'client') },
      { contentType: 'json' },
      { command: 'rm -rf' },
      { sender: 'é' },
      { sender: 'x'.repeat(256) },
      { error: 'x'.repeat(1_025) },
      { schema: 'a\nb' },
      { traceparent: '00-0-0-0' },
      { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` },
      { causalParentId: 'arq_' },
      { vectorClock: { constructor: 1 } },
      { vectorClock: { 'a b': 1 } },
      { vectorClock: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`n${i}`, i])) },
      { intent: 'a\u0000b' },
      { intent: 'x'.repeat(257) },
      { vector: Array.from({ length: 4_097 }, () => 1) },
      { capabilities: Array.from({ length: 65 }, () => 'a') },
      { capabilities: ['x'.repeat(129)] },
      { capabilities: ['tab\t'] },
      { signature: new Uint8Array(257) },
      { headers: { prototype: 'x' } },
      { headers: { name: 'x'.repeat(1_025) } },
      { headers: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`n${i}`, 'v'])) },
      { metadata: new TextEncoder().encode('[]') },
      { metadata: new TextEncoder().encode('{"constructor":1}') },
      { args: new TextEncoder().encode('{"a":{"prototype":1}}') },
      { payload: new TextEncoder().encode('{"a":1,"a":2}') },
      { payload: new TextEncoder().encode('{"__proto__":1}') },
      { payload: new TextEncoder().encode('['.repeat(32) + ']'.repeat(32)) },
      { payload: new TextEncoder().encode('"\\ud800"') },
      { payload: Uint8Array.of(0x22, 0xff, 0x22) },
      { payload: new TextEncoder().encode('1e999') },
    ];
    const valid = fromJson(new TextEncoder().encode('{"type":"event"}'));
    for (const fault of faults) {
      const envelope = { ...valid, ...fault };
      const code = 'version' in fault ? 'UNSUPPORTED_VERSION' : 'VALIDATION_ERROR';
      const json = decodeJsonEnvelope(encodeJsonEnvelope(envelope), DEFAULT_LIMITS);
      const proto = decodeProtoEnvelope(encodeProtoEnvelope(envelope), DEFAULT_LIMITS);
      expect({ fault, json, proto }).toMatchObject({ json: { ok: false, code }, proto: { ok: false, code } });
    }
  });

  it('[PRT-8] allows the same depth in both formats', () => {
    const valid = fromJson(new TextEncoder().encode('{"type":"event"}'));
    const deepest = { ...valid, payload: new TextEncoder().encode('['.repeat(31) + ']'.repeat(31)) };
    expect(fromJson(encodeJsonEnvelope(deepest))).toEqual(deepest);
    expect(fromProto(encodeProtoEnvelope(deepest))).toEqual(deepest);
  });
});
