import { describe, expect, it } from 'vitest';
import { jsonEvent, jsonPayload, protoEvent } from '../harness/event-payloads.ts';
import { readCounter, readTime } from './stamp.ts';
import { TurnFrames } from './turn-frames.ts';

const target = 'live:mix-0';

describe('stamp', () => {
  it.each([
    { format: 'JSON', isBinary: false, event: jsonEvent(target, jsonPayload(200), true) },
    { format: 'Protobuf', isBinary: true, event: protoEvent(target, jsonPayload(200), true) },
  ])('[BEN-1] is read from $format as it was written', ({ isBinary, event }) => {
    const frame = Buffer.from(new TurnFrames(Buffer.from(event), isBinary, 1).stamp(4_711, 1_234_567));
    expect(readCounter(frame, 0, frame.length)).toBe(4_711);
    expect(readTime(frame, 0, frame.length)).toBe(1_234_567);
  });

  it('[BEN-1] is not found in what carries none, or ends within it', () => {
    const answer = Buffer.from('{"type":"response","request_id":"arq_01J9ZQX5T7W0000000042"}');
    expect(readCounter(answer, 0, answer.length)).toBe(42);
    expect(readCounter(answer, 0, answer.length - 4)).toBe(-1);
    expect(readTime(answer, 0, answer.length)).toBe(-1);
  });
});
