import { describe, expect, it } from 'vitest';
import { createEnvelope } from '../envelope.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decodeJsonEnvelope } from './decode-json-envelope.ts';
import { decode, id, refuse, text } from './frame-rig.ts';

const encoder = new TextEncoder();

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
    const envelope = decode(
      '{"ty\\u0070e":"event","\\u0069d":"","unknown":{"deep":[1]},"from":7,"from_client":null,"zzzzzzzzzzzzzzzzzzzzz":1}',
    );
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
    expect(text(decode('{"type":"event","payload" :  { "b" : 1.0,\n"a":1e2 }  }').payload)).toBe(
      '{ "b" : 1.0,\n"a":1e2 }',
    );
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
    const frame = Buffer.from(
      JSON.stringify({ type: 'event', payload: { text: 'x'.repeat(100) }, metadata: { a: 1 }, room: 'lobby' }),
    );
    const result = decodeJsonEnvelope(frame, DEFAULT_LIMITS);
    frame.fill(0);
    if (!result.ok) throw new Error('was refused');
    expect(text(result.envelope.payload)).toBe(`{"text":"${'x'.repeat(100)}"}`);
    expect(text(result.envelope.metadata)).toBe('{"a":1}');
    expect(result.envelope.room).toBe('lobby');
  });

  it('[PRT-8] reads a command out of the payload when there is no field for it', () => {
    const old = decode({ type: 'command', id, payload: { command: 'join_channel', parameters: { room: 'lobby' } } });
    expect(old).toEqual({
      ...createEnvelope('command'),
      id,
      command: 'join_channel',
      args: encoder.encode('{"room":"lobby"}'),
    });
    expect(decode({ type: 'command', payload: { command: 'ping' } }).command).toBe('ping');
    const both = decode({ type: 'command', args: { a: 1 }, payload: { command: 'ping', parameters: { b: 1 } } });
    expect(text(both.args)).toBe('{"a":1}');
    const own = decode({ type: 'command', command: 'ping', payload: { command: 'status' } });
    expect([own.command, text(own.payload)]).toEqual(['ping', '{"command":"status"}']);
    for (const payload of [5, [], {}, { parameters: {} }])
      expect(decode({ type: 'command', payload }).command).toBe('');
    expect(decode({ type: 'command', content_type: 'text/plain', payload: 'e30=' }).command).toBe('');
    expect(decode({ type: 'event', payload: { command: 'ping' } }).command).toBe('');
  });

  it('[PRT-8] holds a command in the payload to the rules of a command', () => {
    const command = (payload: unknown): readonly unknown[] => refuse({ type: 'command', payload }).errors;
    expect(command({ command: 5 })).toEqual([{ field: 'payload.command', problem: 'must be a string' }]);
    expect(command({ command: 'no such name' })).toEqual([{ field: 'command', problem: 'is not a command name' }]);
    expect(command({ command: 'ping', parameters: [] })).toEqual([
      { field: 'payload.parameters', problem: 'must be an object' },
    ]);
    expect(command({ command: 'ping', parameters: { a: { constructor: 1 } } })).toEqual([
      { field: 'payload.parameters.a.constructor', problem: 'is a forbidden key' },
    ]);
  });
});

it('[PRT-26] takes telemetry with its event type beside the payload', () => {
  const { payload } = decode({ type: 'telemetry', eventType: 'cpu', payload: { load: 0.5 } });
  expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({ eventType: 'cpu', payload: { load: 0.5 } });
});
