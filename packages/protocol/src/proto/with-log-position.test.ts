import { expect, it } from 'vitest';
import { createEnvelope } from '../envelope.ts';
import { decodeTrustedProtoEnvelope } from './decode-proto-envelope.ts';
import { encodeProtoEnvelope } from './encode-proto-envelope.ts';
import { withLogPosition } from './with-log-position.ts';

it('[LOG-3] gives an encoded envelope its position, over any that it had', () => {
  const envelope = {
    ...createEnvelope('event'),
    room: 'lobby',
    channel: 'general',
    payload: new TextEncoder().encode('1'),
  };
  const bytes = encodeProtoEnvelope({ ...envelope, seq: 7, prevSeq: 6, epoch: 'old' });
  const placed = withLogPosition(bytes, Number.MAX_SAFE_INTEGER, 4_294_967_296, 'new');
  expect(decodeTrustedProtoEnvelope(placed)).toEqual({
    ...envelope,
    seq: Number.MAX_SAFE_INTEGER,
    prevSeq: 4_294_967_296,
    epoch: 'new',
  });
  expect(decodeTrustedProtoEnvelope(withLogPosition(encodeProtoEnvelope(envelope), 1, 0, 'e'))).toEqual({
    ...envelope,
    seq: 1,
    epoch: 'e',
  });
});

it('[LOG-3] takes messages of any size and leaves the bytes it is given alone', () => {
  const payload = new Uint8Array(100_000).fill(0x31);
  const bytes = encodeProtoEnvelope({ ...createEnvelope('event'), payload });
  const before = bytes.slice();
  expect(decodeTrustedProtoEnvelope(withLogPosition(bytes, 300, 299, 'e'))?.payload).toEqual(payload);
  expect(bytes).toEqual(before);
});
