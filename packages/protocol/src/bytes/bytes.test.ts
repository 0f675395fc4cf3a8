import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64Length, decodeBase64, encodeBase64 } from './base64.ts';
import { ByteWriter, utf8Length } from './byte-writer.ts';
import { copyBytes } from './copy-bytes.ts';
import { decodeUtf8 } from './utf8.ts';

const encoder = new TextEncoder();

function toBase64(bytes: Uint8Array): string {
  const target = new Uint8Array(base64Length(bytes.length));
  encodeBase64(bytes, target, 0);
  return new TextDecoder().decode(target);
}

describe('base64', () => {
  it('[PRT-11] writes standard base64 and reads it back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = toBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64'));
        expect(decodeBase64(encoder.encode(text), 0, text.length)).toEqual(bytes);
      }),
    );
  });

  it('[P-21] accepts one text for each value only', () => {
    const text = fc.string({ unit: fc.constantFrom(...'AQgw/+=-_ \n'.split('')), maxLength: 12 });
    fc.assert(
      fc.property(text, (candidate) => {
        const bytes = decodeBase64(encoder.encode(candidate), 0, candidate.length);
        expect(bytes === undefined ? candidate : toBase64(bytes)).toBe(candidate);
      }),
      { numRuns: 5_000 },
    );
    for (const bad of ['A', 'AA', 'AAA', 'AB==', 'AAB=', 'A===', '====', 'AA=A', 'AA==AA==', 'A\u0000==', 'AAé=']) {
      expect(decodeBase64(encoder.encode(bad), 0, encoder.encode(bad).length)).toBeUndefined();
    }
  });
});

describe('UTF-8', () => {
  it('[P-18] reads what TextDecoder reads and refuses what it refuses', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.string({ unit: 'binary', maxLength: 90 }).map((text) => encoder.encode(text)),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        let expected: string | undefined;
        try {
          expected = decoder.decode(input);
        } catch {
          expected = undefined;
        }
        expect(decodeUtf8(input, 0, input.length)).toBe(expected);
      }),
      { numRuns: 3_000 },
    );
    expect(decodeUtf8(encoder.encode('\ufeffa'), 0, 4)).toBe('\ufeffa');
    expect(decodeUtf8(encoder.encode('a'.repeat(200)), 1, 200)).toBe('a'.repeat(199));
  });

  it('[P-18] writes what TextEncoder writes, lone surrogates included', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('a', '\ud83d', '\ude00', 'é', '世') }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const writer = new ByteWriter();
        writer.text(text);
        expect(writer.take()).toEqual(encoder.encode(text));
        expect(utf8Length(text)).toBe(encoder.encode(text).length);
      }),
    );
  });
});

describe('ByteWriter', () => {
  it('grows with what it is given, and its bytes stay as they were taken', () => {
    const writer = new ByteWriter();
    const parts = Array.from({ length: 200 }, (_, i) => new Uint8Array(i).fill(i));
    for (const part of parts) writer.append(part);
    writer.byte(7);
    const taken = writer.take();
    writer.text('overwrites the buffer');
    expect(taken).toEqual(Uint8Array.from([...parts.flatMap((part) => [...part]), 7]));
  });

  it('copies of a Buffer are not views of it', () => {
    const source = Buffer.alloc(100, 1);
    for (const copy of [copyBytes(source, 1, 3), copyBytes(source, 0, 100)]) {
      source.fill(2);
      expect(copy.every((byte) => byte === 1)).toBe(true);
      source.fill(1);
    }
  });
});
