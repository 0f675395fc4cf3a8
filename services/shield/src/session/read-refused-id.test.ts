import { DEFAULT_LIMITS, createEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { readRefusedId } from './read-refused-id.ts';

const encoder = new TextEncoder();
const id = 'arq_01J9ZQ4T7V8W3X5Y6Z0A1B2C3D';
const json = (text: string): string => readRefusedId(encoder.encode(text), 'json', DEFAULT_LIMITS);
const large = JSON.stringify({ text: 'Grüße 🚀 '.repeat(3_000) });

describe('the id of a frame that was refused unread', () => {
  it.each([
    ['a small frame', `{"type":"event","payload":{},"id":"${id}"}`],
    ['a large frame, before its payload', `{"id":"${id}","type":"event","payload":${large}}`],
    ['a large frame, behind its payload', `{"type":"event","payload":${large},"id":"${id}"}`],
    ['a large frame without a text in its payload', `{"id":"${id}","payload":[${'1,'.repeat(5_000)}1]}`],
  ])('[PRT-14] [PRT-23] is read of %s', (_, text) => {
    expect(json(text)).toBe(id);
  });

  it.each(['', '{', '[1]', `{"id":"${'x'.repeat(100)}"}`, `{"id":7,"payload":${large}}`, '1'.repeat(5_000)])(
    '[PRT-10] is empty where there is none: %#',
    (text) => {
      expect(json(text)).toBe('');
    },
  );

  it('[PRT-14] [PRT-10] is read of Protobuf, whatever its payload is, and is one or empty', () => {
    const event = { ...createEnvelope('event'), id, payload: encoder.encode('{"no":JSON') };
    const proto = (frame: Uint8Array): string => readRefusedId(frame, 'proto', DEFAULT_LIMITS);
    expect(proto(encodeProtoEnvelope(event))).toBe(id);
    expect(proto(encodeProtoEnvelope({ ...event, id: 'no id' }))).toBe('');
    expect(proto(Uint8Array.of(0xff, 0xff))).toBe('');
  });
});
