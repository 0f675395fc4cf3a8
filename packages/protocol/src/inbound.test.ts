import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEnvelope } from './envelope.ts';
import type { Envelope, EnvelopeType } from './envelope.ts';
import { checkInbound } from './inbound.ts';
import { DEFAULT_LIMITS } from './limits.ts';

const id = 'arq_01J9ZQ4T7V8W3X5Y6Z0A1B2C3D';

function metadataAfter(text: string): string {
  const envelope = { ...createEnvelope('event'), metadata: new TextEncoder().encode(text) };
  expect(checkInbound(envelope)).toBeUndefined();
  return new TextDecoder().decode(envelope.metadata);
}

describe('checkInbound', () => {
  it('[PRT-8] lets through what a client may send', () => {
    const good: readonly Envelope[] = [
      createEnvelope('event'),
      createEnvelope('telemetry'),
      { ...createEnvelope('private'), to: ['a'] },
      { ...createEnvelope('private'), to: Array.from({ length: 64 }, (_, i) => `c${i}`) },
      { ...createEnvelope('command'), command: 'ping' },
    ];
    for (const envelope of good) expect(checkInbound(envelope)).toBeUndefined();
  });

  it.each<EnvelopeType>(['system', 'response', 'error', 'task'])('[PRT-8] [PRT-18] refuses the type %s', (type) => {
    expect(checkInbound({ ...createEnvelope(type), id })).toEqual({
      ok: false,
      code: 'UNKNOWN_TYPE',
      errors: [{ field: 'type', problem: 'cannot be sent by clients' }],
      id,
    });
  });

  it('[PRT-17] wants 1 to 64 targets for a private message', () => {
    expect(checkInbound(createEnvelope('private'))?.errors).toEqual([{ field: 'to', problem: 'is required' }]);
    const many = { ...createEnvelope('private'), to: ['a', 'b', 'c'] };
    expect(checkInbound(many, { ...DEFAULT_LIMITS, maxTargets: 2 })?.errors).toEqual([
      { field: 'to', problem: 'has too many entries' },
    ]);
  });

  it('[PRT-17] [PRT-23] takes as many targets as the limit says, whatever it says, and no more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 200 }), (maxTargets, count) => {
        const envelope = { ...createEnvelope('private'), to: Array.from({ length: count }, (_, n) => `c${n}`) };
        const refused = checkInbound(envelope, { ...DEFAULT_LIMITS, maxTargets });
        expect(refused === undefined).toBe(count >= 1 && count <= maxTargets);
      }),
    );
  });

  it('[PRT-14] wants the name of a command', () => {
    expect(checkInbound(createEnvelope('command'))?.errors).toEqual([{ field: 'command', problem: 'is required' }]);
  });

  it('[LOG-17] takes a condition on the sequence with an event alone', () => {
    expect(checkInbound({ ...createEnvelope('event'), expectedSeq: 0 })).toBeUndefined();
    for (const envelope of [
      { ...createEnvelope('private'), to: ['a'] },
      createEnvelope('telemetry'),
      { ...createEnvelope('command'), command: 'ping' },
    ]) {
      expect(checkInbound({ ...envelope, expectedSeq: 0 })?.errors[0]?.field).toBe('expected_seq');
    }
  });

  it('[PRT-18] keeps the room * for the server', () => {
    expect(checkInbound({ ...createEnvelope('event'), room: '*' })?.errors[0]?.field).toBe('room');
  });

  it('[PRT-8] clears what is the word of the server', () => {
    const envelope: Envelope = {
      ...createEnvelope('event'),
      id,
      sender: 'someone-else',
      requestId: id,
      status: 'success',
      error: 'x',
      errorCode: 'TIMEOUT',
      seq: 5,
      prevSeq: 4,
      epoch: 'e',
    };
    expect(checkInbound(envelope)).toBeUndefined();
    expect(envelope).toEqual({ ...createEnvelope('event'), id });
  });

  it.each([
    ['{"a":1}', '{"a":1}'],
    ['{}', '{}'],
    ['{"tenant_id":"evil"}', ''],
    ['{"a":1,"tenant_id":"evil"}', '{"a":1}'],
    ['{"casil":{"x":[1,2]},"a":1}', '{"a":1}'],
    ['{ "a" : 1.0 , "shadow" : true , "b" : [ 1e2 ] }', '{"a" : 1.0,"b" : [ 1e2 ]}'],
    [
      '{"\\u0074enant_id":1,"big":12345678901234567890,"cron_job_id":1,"iteration":2,"replay":true,"client_timestamp":0}',
      '{"big":12345678901234567890}',
    ],
    ['{"nested":{"tenant_id":1}}', '{"nested":{"tenant_id":1}}'],
    ['{"x,\\"y":"}","replay":1,"\\"":"\\""}', '{"x,\\"y":"}","\\"":"\\""}'],
  ])('[PRT-8] drops the reserved keys of the metadata %s', (before, after) => {
    expect(metadataAfter(before)).toBe(after);
  });

  it('[PRT-8] drops reserved keys among a thousand', () => {
    const members = Array.from({ length: 1_000 }, (_, i) => `"k${i}":${i}`);
    expect(metadataAfter(`{${members.join()},"casil":1}`)).toBe(`{${members.join()}}`);
  });
});
