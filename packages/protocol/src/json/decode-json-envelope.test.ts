import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Refusal } from '../decode-result.ts';
import type { Envelope } from '../envelope.ts';
import { createEnvelope } from '../envelope.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decodeJsonEnvelope } from './decode-json-envelope.ts';

const encoder = new TextEncoder();
const id = 'arq_01J9ZQ4T7V8W3X5Y6Z0A1B2C3D';

function decode(frame: unknown): Envelope {
  const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
  const result = decodeJsonEnvelope(encoder.encode(text), DEFAULT_LIMITS);
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.envelope;
}

function refuse(frame: unknown): Refusal {
  const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
  const result = decodeJsonEnvelope(encoder.encode(text), DEFAULT_LIMITS);
  if (result.ok) throw new Error('was accepted');
  return result;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

describe('decodeJsonEnvelope', () => {
  it('[PRT-8] reads every field a client may send', () => {
    const envelope = decode({
      version: '1.2',
      id,
      type: 'private',
      timestamp: '2026-03-01T09:30:00.250Z',
      to: ['shield-1_abc', 'user:alice@example.com'],
      payload: { text: 'hi' },
      metadata: { source: 'app' },
      ack: true,
      schema: 'chat.v1',
      vector: [1, 2.5],
      capabilities: ['translate'],
      vector_clock: { a: 1 },
      headers: { lang: 'de' },
      signature: 'AAEC',
    });
    expect(envelope).toEqual({
      ...createEnvelope('private'),
      version: '1.2',
      id,
      timestampMs: Date.UTC(2026, 2, 1, 9, 30, 0, 250),
      to: ['shield-1_abc', 'user:alice@example.com'],
      payload: encoder.encode('{"text":"hi"}'),
      metadata: encoder.encode('{"source":"app"}'),
      ack: true,
      schema: 'chat.v1',
      vector: [1, 2.5],
      capabilities: ['translate'],
      vectorClock: { a: 1 },
      headers: { lang: 'de' },
      signature: Uint8Array.of(0, 1, 2),
    });
  });

  it('[PRT-8] fills in the version, ignores unknown fields and reads escaped names', () => {
    const envelope = decode('{"ty\\u0070e":"event","\\u0069d":"","unknown":{"deep":[1]},"from":7,"from_client":null,"zzzzzzzzzzzzzzzzzzzzz":1}');
    expect(envelope).toEqual(createEnvelope('event'));
  });

  it('[PRT-8] takes message for event', () => {
    expect(decode({ type: 'message' }).type).toBe('event');
  });

  it('[PRT-8] splits room:channel', () => {
    expect(decode({ type: 'event', room: 'lobby:general' })).toMatchObject({ room: 'lobby', channel: 'general' });
    expect(decode({ type: 'event', room: 'lobby:*', channel: '*' })).toMatchObject({ room: 'lobby', channel: '*' });
    expect(decode({ type: 'event', room: 'lobby', channel: 'x' })).toMatchObject({ room: 'lobby', channel: 'x' });
    expect(refuse({ type: 'event', room: 'lobby:general', channel: 'x' }).errors).toEqual([
      { field: 'channel', problem: 'contradicts the room' },
    ]);
  });

  it('[PRT-8] takes one target or a list, under either name', () => {
    expect(decode({ type: 'private', to: 'a' }).to).toEqual(['a']);
    expect(decode({ type: 'private', to_client: 'a' }).to).toEqual(['a']);
    expect(decode({ type: 'private', to: ['b'], to_client: 'a' }).to).toEqual(['b']);
    expect(decode({ type: 'private', to: '' }).to).toEqual([]);
    expect(refuse({ type: 'private', to_client: 5 }).errors[0]?.field).toBe('to_client');
    expect(refuse({ type: 'private', to: ['a', 5] }).errors[0]?.field).toBe('to');
  });

  it('[PRT-11] keeps a JSON payload byte for byte, without the space around it', () => {
    expect(text(decode('{"type":"event","payload" :  { "b" : 1.0,\n"a":1e2 }  }').payload)).toBe('{ "b" : 1.0,\n"a":1e2 }');
    expect(text(decode('{"type":"event","payload":null}').payload)).toBe('null');
    expect(text(decode({ type: 'event', payload: 'é' }).payload)).toBe('"é"');
  });

  it('[PRT-11] reads payloads of other types as base64', () => {
    const frame = { type: 'event', content_type: 'application/octet-stream' };
    expect(decode({ ...frame, payload: '/wA=' }).payload).toEqual(Uint8Array.of(255, 0));
    expect(decode({ ...frame, payload: '' }).payload).toEqual(new Uint8Array(0));
    for (const payload of ['/wA', '/wB=', 'a b=', '====', 'AA=A', '_-A=', {}, 5, null]) {
      expect(refuse({ ...frame, payload }).errors).toEqual([{ field: 'payload', problem: 'must be a base64 string' }]);
    }
  });

  it('[PRT-8] owns its bytes: the frame may be overwritten', () => {
    const frame = Buffer.from(JSON.stringify({ type: 'event', payload: { text: 'x'.repeat(100) }, metadata: { a: 1 }, room: 'lobby' }));
    const result = decodeJsonEnvelope(frame, DEFAULT_LIMITS);
    frame.fill(0);
    if (!result.ok) throw new Error('was refused');
    expect(text(result.envelope.payload)).toBe(`{"text":"${'x'.repeat(100)}"}`);
    expect(text(result.envelope.metadata)).toBe('{"a":1}');
    expect(result.envelope.room).toBe('lobby');
  });

  it('[PRT-8] reads a command out of the payload when there is no field for it', () => {
    const old = decode({ type: 'command', id, payload: { command: 'join_channel', parameters: { room: 'lobby' } } });
    expect(old).toEqual({ ...createEnvelope('command'), id, command: 'join_channel', args: encoder.encode('{"room":"lobby"}') });
    expect(decode({ type: 'command', payload: { command: 'ping' } }).command).toBe('ping');
    const both = decode({ type: 'command', args: { a: 1 }, payload: { command: 'ping', parameters: { b: 1 } } });
    expect(text(both.args)).toBe('{"a":1}');
    const own = decode({ type: 'command', command: 'ping', payload: { command: 'status' } });
    expect([own.command, text(own.payload)]).toEqual(['ping', '{"command":"status"}']);
    for (const payload of [5, [], {}, { parameters: {} }]) expect(decode({ type: 'command', payload }).command).toBe('');
    expect(decode({ type: 'command', content_type: 'text/plain', payload: 'e30=' }).command).toBe('');
    expect(decode({ type: 'event', payload: { command: 'ping' } }).command).toBe('');
  });

  it('[PRT-8] holds a command in the payload to the rules of a command', () => {
    const command = (payload: unknown): readonly unknown[] => refuse({ type: 'command', payload }).errors;
    expect(command({ command: 5 })).toEqual([{ field: 'payload.command', problem: 'must be a string' }]);
    expect(command({ command: 'no such name' })).toEqual([{ field: 'command', problem: 'is not a command name' }]);
    expect(command({ command: 'ping', parameters: [] })).toEqual([{ field: 'payload.parameters', problem: 'must be an object' }]);
    expect(command({ command: 'ping', parameters: { a: { constructor: 1 } } })).toEqual([
      { field: 'payload.parameters.a.constructor', problem: 'is a forbidden key' },
    ]);
  });
});

describe('decodeJsonEnvelope, refusals', () => {
  it.each(['', 'x', 'null', '[]', '"event"', '5', '{', '{}x', '{"type":"event"', '\ufeff{"type":"event"}'])('[PRT-10] refuses the frame %j', (frame) => {
    expect(refuse(frame)).toMatchObject({ code: 'VALIDATION_ERROR', id: '' });
    expect(refuse(frame).errors).toHaveLength(1);
  });

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
    ['version', 1], ['id', 5], ['type', null], ['timestamp', 5], ['timestamp', 'yesterday'], ['timestamp', '2026-02-30T00:00:00Z'],
    ['room', {}], ['channel', []], ['sender', 5], ['to', 5], ['to', {}], ['content_type', true], ['metadata', []], ['metadata', null],
    ['command', 5], ['args', 'x'], ['ack', 'true'], ['ack', 1], ['request_id', 5], ['status', 'maybe'], ['error', 5], ['error_code', []],
    ['seq', -1], ['seq', '1'], ['seq', 1.5], ['seq', 2 ** 53], ['seq', 1e300], ['prev_seq', null], ['epoch', 5], ['schema', 5],
    ['traceparent', 5], ['causal_parent_id', 5], ['vector_clock', []], ['vector_clock', { a: -1 }], ['vector_clock', { a: 1.5 }],
    ['vector_clock', { a: '1' }], ['vector_clock', { a: 2 ** 53 }], ['vector_clock', null], ['intent', 5], ['vector', {}], ['vector', ['1']],
    ['capabilities', 'a'], ['capabilities', [1]], ['spectral', []], ['signature', 5], ['signature', 'AAE'], ['headers', []], ['headers', { a: 1 }],
  ])('[PRT-10] names the field %s when it is %j', (field, value) => {
    const refusal = refuse({ id, type: 'event', [field]: value });
    expect(refusal.code).toBe('VALIDATION_ERROR');
    expect(refusal.errors.map((error) => error.field)).toEqual([field]);
  });

  it.each(['1e3', '1.0', '9007199254740993', '18446744073709551615', '-0', '00000000000000001'])('[P-08] refuses the sequence number %s', (seq) => {
    expect(refuse(`{"type":"event","seq":${seq}}`).code).toBe('VALIDATION_ERROR');
  });

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
    for (const frame of ['{"type":"event","constructor":1}', '{"type":"event","metadata":{"prototype":1}}', '{"type":"event","x":{"constructor":1}}']) {
      expect(refuse(frame).errors[0]?.problem).toBe('is a forbidden key');
    }
    expect(text(decode('{"type":"event","payload":{"constructor":{"prototype":1}}}').payload)).toBe('{"constructor":{"prototype":1}}');
    expect(refuse('{"type":"event","payload":{},"x":{"constructor":1}}').errors[0]?.field).toBe('x.constructor');
    expect(refuse('{"type":"event","payload":{"__proto__":1}}').errors[0]?.field).toBe('payload.__proto__');
    expect(Object.getPrototypeOf(decode({ type: 'event', headers: { toString: 'x' } }).headers)).toBeNull();
  });

  it('[PRT-10] tells sixteen problems at most', () => {
    const wrong = Object.fromEntries(
      ['id', 'room', 'channel', 'sender', 'to', 'metadata', 'command', 'args', 'ack', 'request_id', 'status', 'error', 'error_code', 'seq', 'epoch', 'schema', 'intent', 'vector'].map(
        (field) => [field, 5.5],
      ),
    );
    expect(refuse({ type: 'event', ...wrong }).errors).toHaveLength(16);
  });

  it('[P-07] refuses a million entries at once', () => {
    const bomb = encoder.encode(`{"type":"private","to":[${'"a",'.repeat(1_000_000)}"a"]}`);
    const start = performance.now();
    const result = decodeJsonEnvelope(bomb, DEFAULT_LIMITS);
    expect(performance.now() - start).toBeLessThan(50);
    expect(result).toMatchObject({ ok: false, errors: [{ field: 'to[9999]', problem: 'has too many items' }] });
  });

  it('[P-20] never throws on arbitrary bytes or mutated frames', () => {
    const frame = encoder.encode(JSON.stringify({ type: 'private', id, to: ['a'], payload: { a: ['é', 1.5e3] }, headers: { a: 'b' }, vector: [1] }));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), (bytes, changes) => {
        decodeJsonEnvelope(bytes, DEFAULT_LIMITS);
        const mutated = frame.slice();
        for (const [at, value] of changes) mutated[at % frame.length] = value;
        const result = decodeJsonEnvelope(mutated, DEFAULT_LIMITS);
        if (result.ok) JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(mutated));
      }),
      { numRuns: 5_000 },
    );
  });
});
