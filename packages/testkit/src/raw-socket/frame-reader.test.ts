import { describe, expect, it } from 'vitest';
import { encodeClientFrame, opcodes } from './client-frame.ts';
import { createFrameReader } from './frame-reader.ts';
import type { RawFrame } from './frame-reader.ts';
import { waitUntil } from './wait-until.ts';

describe('raw frames', () => {
  it.each([0, 125, 126, 65_535, 65_536])('reads back a frame of %i bytes in any cut', (size) => {
    const payload = Buffer.alloc(size, 'größe');
    const bytes = encodeClientFrame(opcodes.binary, payload, { mask: false, fin: false, rsv: 5 });
    const stream = Buffer.concat([bytes, bytes]);
    for (const cut of [1, 3, bytes.length, stream.length]) {
      const reader = createFrameReader();
      const frames: RawFrame[] = [];
      for (let at = 0; at < stream.length; at += cut) {
        frames.push(...reader.push(stream.subarray(at, at + cut)));
      }
      expect(frames.map(({ opcode, fin, rsv }) => [opcode, fin, rsv])).toEqual([
        [2, false, 5],
        [2, false, 5],
      ]);
      expect(frames.every((frame) => frame.payload.equals(payload))).toBe(true);
    }
  });

  it('masks as RFC 6455, 5.3 says, and may lie about the length', () => {
    const bytes = encodeClientFrame(opcodes.text, Buffer.from('Hello'));
    const mask = bytes.subarray(2, 6);
    const plain = bytes.subarray(6).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
    expect([bytes[0], bytes[1], Buffer.from(plain).toString()]).toEqual([0x81, 0x85, 'Hello']);
    expect(
      encodeClientFrame(opcodes.text, Buffer.of(1), { claimedLength: 70_000 }).subarray(1, 10).toString('hex'),
    ).toBe('ff0000000000011170');
  });

  it('refuses a masked server frame', () => {
    expect(() => createFrameReader().push(encodeClientFrame(opcodes.text, Buffer.from('x')))).toThrow('masked');
  });

  it('says what was waited for', async () => {
    await expect(waitUntil(() => false, { timeoutMs: 5, what: 'rain' })).rejects.toThrow('rain');
  });
});
