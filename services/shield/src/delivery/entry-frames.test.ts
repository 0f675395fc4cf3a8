import { createEnvelope, decodeJsonEnvelope, decodeProtoEnvelope, DEFAULT_LIMITS } from '@arqonbus/protocol';
import { encodePublication } from '../publish/encode-publication.ts';
import type { LogEntry } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { EntryFrames } from './entry-frames.ts';

function entry(seq: number, data?: Uint8Array): LogEntry {
  const envelope = { ...createEnvelope('event'), id: 'arq_0000000001', room: 'science', channel: 'general' };
  return { seq, prevSeq: seq - 1, timestampMs: 1, data: data ?? encodePublication(envelope) };
}

describe('frames of stored publications', () => {
  it('[LOG-10] are built once for all who are brought back, in either format', () => {
    const frames = new EntryFrames();
    const stored = entry(7);
    const [first, again] = [frames.of(stored, 'e1'), frames.of(stored, 'e1')];
    expect(first?.in('json')).toBe(again?.in('json'));
    expect(first?.in('proto')).toBe(again?.in('proto'));
    const decoded = [
      decodeJsonEnvelope(first?.in('json') ?? new Uint8Array(), DEFAULT_LIMITS),
      decodeProtoEnvelope(first?.in('proto') ?? new Uint8Array(), DEFAULT_LIMITS),
    ];
    const envelope = { seq: 7, prevSeq: 6, epoch: 'e1', room: 'science', channel: 'general' };
    expect(decoded).toMatchObject([
      { ok: true, envelope },
      { ok: true, envelope },
    ]);
  });

  it('[LOG-4] [SPN-3] tell the epoch that is asked for, and are none of what cannot be read', () => {
    const frames = new EntryFrames();
    const stored = entry(7);
    expect([frames.of(stored, 'e1')?.envelope.epoch, frames.of(stored, 'e2')?.envelope.epoch]).toEqual(['e1', 'e2']);
    expect(frames.of(entry(8, new Uint8Array([0xff, 0xff])), 'e1')).toBeUndefined();
  });
});
