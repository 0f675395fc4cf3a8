import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decodeJsonEnvelope } from './decode-json-envelope.ts';
import { decode, id, refuse, text } from './frame-rig.ts';

const encoder = new TextEncoder();

describe('decodeJsonEnvelope, refusals', () => {
  it.each(['', 'x', 'null', '[]', '"event"', '5', '{', '{}x', '{"type":"event"', '\ufeff{"type":"event"}'])(
    '[PRT-10] refuses the frame %j',
    (frame) => {
      expect(refuse(frame)).toMatchObject({ code: 'VALIDATION_ERROR', id: '' });
      expect(refuse(frame).errors).toHaveLength(1);
    },
  );

  it('[PRT-10] tells the id when it could be read', () => {
    expect(refuse(`{"id":"${id}","type":"event","payload":{"a":1,"a":2}}`)).toEqual({
      ok: false,
      code: 'VALIDATION_ERROR',
      errors: [{ field: 'payload.a', problem: 'is a duplicate key' }],
      id,
    });
    expect(refuse({ id, type: 'event', room: 5 }).id).toBe(id);
    expect(refuse({ id: '<script>', type: 'event' }).id).toBe('');
    expect(refuse(`{"id":5,"type":nope`).id).toBe('');
  });

  it.each([
    ['version', 1],
    ['id', 5],
    ['type', null],
    ['timestamp', 5],
    ['timestamp', 'yesterday'],
    ['timestamp', '2026-02-30T00:00:00Z'],
    ['room', {}],
    ['channel', []],
    ['sender', 5],
    ['to', 5],
    ['to', {}],
    ['content_type', true],
    ['metadata', []],
    ['metadata', null],
    ['command', 5],
    ['args', 'x'],
    ['ack', 'true'],
    ['ack', 1],
    ['request_id', 5],
    ['status', 'maybe'],
    ['error', 5],
    ['error_code', []],
    ['seq', -1],
    ['seq', '1'],
    ['seq', 1.5],
    ['seq', 2 ** 53],
    ['seq', 1e300],
    ['prev_seq', null],
    ['epoch', 5],
    ['schema', 5],
    ['traceparent', 5],
    ['causal_parent_id', 5],
    ['vector_clock', []],
    ['vector_clock', { a: -1 }],
    ['vector_clock', { a: 1.5 }],
    ['vector_clock', { a: '1' }],
    ['vector_clock', { a: 2 ** 53 }],
    ['vector_clock', null],
    ['intent', 5],
    ['vector', {}],
    ['vector', ['1']],
    ['capabilities', 'a'],
    ['capabilities', [1]],
    ['spectral', []],
    ['signature', 5],
    ['signature', 'AAE'],
    ['headers', []],
    ['headers', { a: 1 }],
  ])('[PRT-10] names the field %s when it is %j', (field, value) => {
    const refusal = refuse({ id, type: 'event', [field]: value });
    expect(refusal.code).toBe('VALIDATION_ERROR');
    expect(refusal.errors.map((error) => error.field)).toEqual([field]);
  });

  it.each(['1e3', '1.0', '9007199254740993', '18446744073709551615', '-0', '00000000000000001'])(
    '[P-08] refuses the sequence number %s',
    (seq) => {
      expect(refuse(`{"type":"event","seq":${seq}}`).code).toBe('VALIDATION_ERROR');
    },
  );

  it('[P-08] keeps the largest integers exact', () => {
    expect(decode('{"type":"event","seq":9007199254740991}').seq).toBe(9_007_199_254_740_991);
    expect(refuse('{"type":"event","vector_clock":{"a":-0}}').errors[0]?.field).toBe('vector_clock');
  });

  it('[PRT-8] tells other versions and unknown types by their own codes', () => {
    expect(refuse({ type: 'event', version: '2.0' }).code).toBe('UNSUPPORTED_VERSION');
    expect(refuse({ type: 'hello', version: '2.0' }).code).toBe('UNSUPPORTED_VERSION');
    expect(refuse({ type: 'hello' }).code).toBe('UNKNOWN_TYPE');
    expect(refuse({ type: '__proto__' }).code).toBe('UNKNOWN_TYPE');
    expect(refuse({ type: '' }).errors).toEqual([{ field: 'type', problem: 'is required' }]);
    expect(refuse({}).errors).toEqual([{ field: 'type', problem: 'is required' }]);
    expect(decode({ type: 'event', version: '' }).version).toBe('1.0');
  });

  it('[P-10] refuses prototype keys everywhere but in the payload', () => {
    for (const frame of [
      '{"type":"event","constructor":1}',
      '{"type":"event","metadata":{"prototype":1}}',
      '{"type":"event","x":{"constructor":1}}',
    ]) {
      expect(refuse(frame).errors[0]?.problem).toBe('is a forbidden key');
    }
    expect(text(decode('{"type":"event","payload":{"constructor":{"prototype":1}}}').payload)).toBe(
      '{"constructor":{"prototype":1}}',
    );
    expect(refuse('{"type":"event","payload":{},"x":{"constructor":1}}').errors[0]?.field).toBe('x.constructor');
    expect(refuse('{"type":"event","payload":{"__proto__":1}}').errors[0]?.field).toBe('payload.__proto__');
    expect(Object.getPrototypeOf(decode({ type: 'event', headers: { toString: 'x' } }).headers)).toBeNull();
  });

  it('[PRT-10] tells sixteen problems at most', () => {
    const wrong = Object.fromEntries(
      [
        'id',
        'room',
        'channel',
        'sender',
        'to',
        'metadata',
        'command',
        'args',
        'ack',
        'request_id',
        'status',
        'error',
        'error_code',
        'seq',
        'epoch',
        'schema',
        'intent',
        'vector',
      ].map((field) => [field, 5.5]),
    );
    expect(refuse({ type: 'event', ...wrong }).errors).toHaveLength(16);
  });

  it('[P-07] refuses a million entries at once', () => {
    const bomb = encoder.encode(`{"type":"private","to":[${'"a",'.repeat(1_000_000)}"a"]}`);
    const start = performance.now();
    const result = decodeJsonEnvelope(bomb, DEFAULT_LIMITS);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(result).toMatchObject({ ok: false, errors: [{ field: 'to[9999]', problem: 'has too many items' }] });
  });

  it('[P-20] never throws on arbitrary bytes or mutated frames', () => {
    const frame = encoder.encode(
      JSON.stringify({
        type: 'private',
        id,
        to: ['a'],
        payload: { a: ['é', 1.5e3] },
        headers: { a: 'b' },
        vector: [1],
      }),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        (bytes, changes) => {
          decodeJsonEnvelope(bytes, DEFAULT_LIMITS);
          const mutated = frame.slice();
          for (const [at, value] of changes) mutated[at % frame.length] = value;
          const result = decodeJsonEnvelope(mutated, DEFAULT_LIMITS);
          if (result.ok) JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(mutated));
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
