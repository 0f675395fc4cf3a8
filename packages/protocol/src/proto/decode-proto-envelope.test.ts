import { create, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Refusal } from '../decode-result.ts';
import { createEnvelope } from '../envelope.ts';
import type { Envelope } from '../envelope.ts';
import { EnvelopeSchema, EnvelopeType } from '../gen/arqon/v1/envelope_pb.js';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decodeProtoEnvelope, decodeTrustedProtoEnvelope } from './decode-proto-envelope.ts';
import { encodeProtoEnvelope } from './encode-proto-envelope.ts';

const encoder = new TextEncoder();
const id = 'arq_01J9ZQ4T7V8W3X5Y6Z0A1B2C3D';
const event = Uint8Array.of(0x18, 1);

function bytesOf(...parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function decode(bytes: Uint8Array): Envelope {
  const result = decodeProtoEnvelope(bytes, DEFAULT_LIMITS);
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.envelope;
}

function refuse(bytes: Uint8Array): Refusal {
  const result = decodeProtoEnvelope(bytes, DEFAULT_LIMITS);
  if (result.ok) throw new Error('was accepted');
  return result;
}

const malformed = {
  ok: false,
  code: 'VALIDATION_ERROR',
  errors: [{ field: '', problem: 'is not a valid Protobuf envelope' }],
  id: '',
};
const varint = (bytes: number): number[] => [...Array.from({ length: bytes - 1 }, () => 0x80), 0x01];

describe('decodeProtoEnvelope', () => {
  it('[PRT-11] reads what generated code writes', () => {
    const bytes = toBinary(
      EnvelopeSchema,
      create(EnvelopeSchema, { id, type: EnvelopeType.PRIVATE, to: ['a', 'user:b'], ack: true }),
    );
    expect(decode(bytes)).toEqual({ ...createEnvelope('private'), id, to: ['a', 'user:b'], ack: true });
  });

  it('[PRT-8] drops unknown fields and never writes them again', () => {
    const unknown = bytesOf(
      [0xf8, 0xff, 0xff, 0xff, 0x0f],
      varint(10),
      [0x8a, 0x02, 3, 1, 2, 3],
      [0x8d, 0x02, 1, 2, 3, 4],
      [0x89, 0x02, 1, 2, 3, 4, 5, 6, 7, 8],
    );
    const envelope = decode(bytesOf(unknown, event, unknown));
    expect(envelope).toEqual(createEnvelope('event'));
    expect(encodeProtoEnvelope(envelope)).toEqual(encodeProtoEnvelope(createEnvelope('event')));
  });

  it('[P-19] passes over a megabyte of unknown fields in linear time', () => {
    const bytes = bytesOf(
      event,
      new Uint8Array(999_999).map((_, i) => [0xf8, 0x7f, 0][i % 3] as number),
    );
    const start = performance.now();
    expect(decode(bytes)).toEqual(createEnvelope('event'));
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('[PRT-11] counts the last of a scalar given twice, and merges both forms of a packed list', () => {
    const twice = bytesOf(event, [0x2a, 1, 0x61, 0x2a, 1, 0x62]);
    expect(decode(twice).room).toBe('b');
    const one = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
    expect(decode(bytesOf(event, [0xda, 1, 8], one, [0xd9, 1], one, [0xda, 1, 0])).vector).toEqual([1, 1]);
  });

  it('[PRT-11] reads map entries in any order, with parts missing', () => {
    const clock = [0xca, 1, 5, 0x10, 7, 0x0a, 1, 0x61, 0xca, 1, 3, 0x0a, 1, 0x62];
    const headers = [0xfa, 1, 6, 0x12, 1, 0x78, 0x0a, 1, 0x61];
    expect(decode(bytesOf(event, clock, headers))).toMatchObject({ vectorClock: { a: 7, b: 0 }, headers: { a: 'x' } });
  });

  it('[PRT-11] cuts the space around JSON off, as in a frame, and owns its bytes', () => {
    const bytes = encodeProtoEnvelope({
      ...createEnvelope('event'),
      payload: encoder.encode(' \n[1, 2]\t\r'),
      metadata: encoder.encode(' {} '),
    });
    const envelope = decode(bytes);
    bytes.fill(0);
    expect(new TextDecoder().decode(envelope.payload)).toBe('[1, 2]');
    expect(new TextDecoder().decode(envelope.metadata)).toBe('{}');
  });

  it('[PRT-8] reads a command out of the payload, as in a frame', () => {
    const payload = encoder.encode('{"command":"ping","parameters":{"a":1}}');
    expect(decode(encodeProtoEnvelope({ ...createEnvelope('command'), payload }))).toEqual({
      ...createEnvelope('command'),
      command: 'ping',
      args: encoder.encode('{"a":1}'),
    });
  });
});

describe('decodeProtoEnvelope, refusals', () => {
  it.each([
    ['a tag cut off', [0x80]],
    ['field number 0', [0x02, 0]],
    ['a field number past the last', [0x80, 0x80, 0x80, 0x80, 0x10, 0]],
    ['a text cut off', [0x0a, 5, 0x61]],
    ['a length past 2^53', [0x0a, ...varint(9)]],
    ['a negative length', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]],
    ['a varint that never ends', [0x20, ...Array.from({ length: 20 }, () => 0xff)]],
    ['a number past 2^53-1', [0x98, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['a 10-byte varint', [0x98, 1, ...varint(10)]],
    ['a negative timestamp', [0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]],
    ['a wrong wire type', [0x08, 1]],
    ['a text for a number', [0x22, 1, 1]],
    ['a group', [0x0b, 0x0c]],
    ['an unknown group', [0x83, 0x02, 0x84, 0x02]],
    ['wire type 6', [0x86, 0x02]],
    ['wire type 7', [0x87, 0x02]],
    ['invalid UTF-8', [0x2a, 2, 0xc3, 0x28]],
    ['an overlong character', [0x2a, 2, 0xc0, 0xaf]],
    ['a list of doubles of 7 bytes', [0xda, 1, 7, 0, 0, 0, 0, 0, 0, 0]],
    ['a double cut off', [0xd9, 1, 0, 0, 0]],
    ['an unknown varint cut off', [0x80, 0x02, 0x80]],
    ['an unknown varint of 11 bytes', [0x80, 0x02, ...varint(11)]],
    ['an unknown fixed number cut off', [0x85, 0x02, 0, 0]],
    ['unknown bytes cut off', [0x82, 0x02, 9, 0]],
    ['a map entry with a wrong key', [0xca, 1, 2, 0x08, 1]],
    ['a map entry longer than the input', [0xca, 1, 9, 0x0a, 1, 0x61]],
    ['a map entry whose key is longer than it', [0xca, 1, 3, 0x0a, 5, 0x61, 0x61, 0x61, 0x61, 0x61]],
    ['bytes longer than the input', [0x4a, 5, 1]],
  ])('[P-19] refuses %s', (_, bytes) => {
    expect(refuse(bytesOf(event, bytes))).toEqual(malformed);
    expect(decodeTrustedProtoEnvelope(bytesOf(event, bytes))).toBeUndefined();
  });

  it('[P-19] refuses every truncation of an envelope in the middle of a field', () => {
    const whole = encodeProtoEnvelope({
      ...createEnvelope('event'),
      id,
      room: 'lobby',
      vector: [1, 2],
      headers: { a: 'b' },
    });
    const ends = Array.from({ length: whole.length }, (_, end) => end);
    const accepted = ends.filter((end) => decodeProtoEnvelope(whole.subarray(0, end), DEFAULT_LIMITS).ok);
    // After the type, the room and the vector: what was cut off there is a whole number of fields.
    expect(accepted).toEqual([39, 46, 65]);
  });

  it.each([
    ['targets', bytesOf(...Array.from({ length: 100_000 }, () => [0x42, 1, 0x61]))],
    ['capabilities', bytesOf(...Array.from({ length: 100_000 }, () => [0xe2, 1, 0]))],
    ['clock entries', bytesOf(...Array.from({ length: 100_000 }, () => [0xca, 1, 0]))],
    ['headers', bytesOf(...Array.from({ length: 100_000 }, () => [0xfa, 1, 0]))],
    ['numbers', bytesOf([0xda, 1, 0x80, 0xc0, 0x3d], new Uint8Array(1_007_616))],
  ])('[P-07] refuses too many %s before reading them all', (_, bytes) => {
    const input = bytesOf(event, bytes);
    const times = Array.from({ length: 3 }, () => {
      const start = performance.now();
      expect(refuse(input).code).toBe('VALIDATION_ERROR');
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(5);
  });

  it('[PRT-10] tells type, status and version by their codes, with the id', () => {
    const withId = encodeProtoEnvelope({ ...createEnvelope('event'), id });
    expect(refuse(bytesOf(withId, [0x18, 9]))).toMatchObject({ code: 'UNKNOWN_TYPE', id });
    expect(refuse(bytesOf(withId, [0x18, 0]))).toMatchObject({
      errors: [{ field: 'type', problem: 'is required' }],
      id,
    });
    expect(refuse(bytesOf(withId, [0x80, 1, 3])).errors).toEqual([
      { field: 'status', problem: 'must be success or error' },
    ]);
    expect(refuse(encodeProtoEnvelope({ ...createEnvelope('event'), version: '3.1' })).code).toBe(
      'UNSUPPORTED_VERSION',
    );
    expect(decode(bytesOf(event, [0x0a, 0])).version).toBe('1.0');
  });

  it('[PRT-11] refuses JSON that a frame could not hold, and tells where', () => {
    const problem = (fields: Partial<Envelope>): unknown =>
      refuse(encodeProtoEnvelope({ ...createEnvelope('event'), ...fields })).errors;
    expect(problem({ payload: encoder.encode('[1,{"a":1,"a":1}]') })).toEqual([
      { field: 'payload[1].a', problem: 'is a duplicate key' },
    ]);
    expect(problem({ payload: encoder.encode('  ') })).toEqual([{ field: 'payload', problem: 'is not valid JSON' }]);
    expect(problem({ metadata: encoder.encode('5') })).toEqual([{ field: 'metadata', problem: 'must be an object' }]);
    expect(problem({ args: encoder.encode('{"constructor":1}') })).toEqual([
      { field: 'args.constructor', problem: 'is a forbidden key' },
    ]);
    expect(problem({ spectral: encoder.encode('{}{}') })).toEqual([
      { field: 'spectral', problem: 'is not valid JSON' },
    ]);
  });

  it('[PRT-11] refuses numbers that are not finite', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(refuse(encodeProtoEnvelope({ ...createEnvelope('event'), vector: [value] })).errors[0]?.field).toBe(
        'vector',
      );
    }
  });

  it('[P-10] refuses prototype keys in maps', () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const key = encoder.encode(name);
      const entry = [key.length + 2, 0x0a, key.length, ...key];
      expect(refuse(bytesOf(event, [0xca, 1], entry)).errors[0]?.field).toBe('vector_clock');
      expect(refuse(bytesOf(event, [0xfa, 1], entry)).errors[0]?.field).toBe('headers');
    }
    expect(({} as Record<string, unknown>)['0']).toBeUndefined();
  });

  it('[P-20] never throws on arbitrary bytes or mutated envelopes', () => {
    const whole = encodeProtoEnvelope({
      ...createEnvelope('command'),
      id,
      room: 'lobby',
      payload: encoder.encode('{"command":"ping","parameters":{}}'),
      vector: [1, 2],
      vectorClock: { a: 1 },
      headers: { a: 'b' },
    });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        (bytes, changes) => {
          const mutated = whole.slice();
          for (const [at, value] of changes) mutated[at % whole.length] = value;
          for (const input of [bytes, mutated]) {
            const result = decodeProtoEnvelope(input, DEFAULT_LIMITS);
            // What is accepted once is accepted again after it was written.
            expect(
              result.ok ? decodeProtoEnvelope(encodeProtoEnvelope(result.envelope), DEFAULT_LIMITS) : result,
            ).toEqual(result);
          }
        },
      ),
      { numRuns: 5_000 },
    );
  });
});

describe('decodeTrustedProtoEnvelope', () => {
  it('[SPN-3] answers undefined for types and statuses that it does not know', () => {
    expect(decodeTrustedProtoEnvelope(new Uint8Array(0))).toBeUndefined();
    expect(decodeTrustedProtoEnvelope(Uint8Array.of(0x18, 9))).toBeUndefined();
    expect(decodeTrustedProtoEnvelope(bytesOf(event, [0x80, 1, 3]))).toBeUndefined();
  });

  it('[SPN-3] checks no grammar and gives views of the input', () => {
    const bytes = encodeProtoEnvelope({
      ...createEnvelope('event'),
      room: 'any thing',
      payload: encoder.encode('not JSON'),
    });
    const envelope = decodeTrustedProtoEnvelope(bytes);
    expect(envelope?.room).toBe('any thing');
    expect(envelope?.payload.buffer).toBe(bytes.buffer);
  });
});
