import { describe, expect, it } from 'vitest';
import { createEnvelope } from '../envelope.ts';
import type { Envelope } from '../envelope.ts';
import { encodeJsonEnvelope } from './encode-json-envelope.ts';

const encoder = new TextEncoder();

function encode(fields: Partial<Envelope>): string {
  return new TextDecoder().decode(encodeJsonEnvelope({ ...createEnvelope('event'), ...fields }));
}

describe('encodeJsonEnvelope', () => {
  it('[PRT-8] leaves empty fields out', () => {
    expect(encode({})).toBe('{"version":"1.0","type":"event"}');
  });

  it('[PRT-11] splices JSON as it is and writes other payloads as base64', () => {
    expect(encode({ payload: encoder.encode('{ "a":1.0 }') })).toContain('"payload":{ "a":1.0 }');
    expect(encode({ contentType: 'text/plain', payload: encoder.encode('hi') })).toContain(
      '"content_type":"text/plain","payload":"aGk="',
    );
    expect(encode({ contentType: 'application/geo+json; v=1', payload: encoder.encode('[]') })).toContain(
      '"payload":[]',
    );
  });

  it('[PRT-25] writes the time as RFC 3339', () => {
    expect(encode({ timestampMs: 1_767_323_045_006 })).toContain('"timestamp":"2026-01-02T03:04:05.006Z"');
  });

  it('[PRT-10] escapes every text so that JSON.parse gives it back', () => {
    const hostile = Array.from({ length: 0x800 }, (_, code) => String.fromCharCode(code)).join('');
    expect(
      JSON.parse(encode({ error: `${hostile}😀"\\`, headers: { 'k"': '\u2028' } })) as Record<string, unknown>,
    ).toMatchObject({
      error: `${hostile}😀"\\`,
      headers: { 'k"': '\u2028' },
    });
    expect((JSON.parse(encode({ error: 'a\ud800b' })) as Record<string, unknown>)['error']).toBe('a\ufffdb');
  });

  it('[PRT-8] gives fresh bytes each time', () => {
    const first = encodeJsonEnvelope({ ...createEnvelope('event'), room: 'one' });
    encodeJsonEnvelope({ ...createEnvelope('event'), room: 'two' });
    expect(new TextDecoder().decode(first)).toContain('"one"');
  });
});
