import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ROOM_CHANNELS, formatRoomCursor, parseRoomCursor } from './room-cursor.ts';

const encode = (value: unknown): string => `r${Buffer.from(JSON.stringify(value)).toString('base64url')}`;
const place = { epoch: '0707070707070707', seq: 7 };

describe('the cursor of a room', () => {
  it('[LOG-19] comes back as it was written, and stays within its bound', () => {
    const channels = Array.from({ length: MAX_ROOM_CHANNELS }, (_, n) => `${n}`.padStart(2, '0').padEnd(64, 'x'));
    const seq = Number.MAX_SAFE_INTEGER;
    const positions = new Map(
      channels.map((channel, n) => [channel, { epoch: n % 2 === 0 ? 'a'.repeat(16) : 'b', seq }]),
    );
    const text = formatRoomCursor({ order: 'newest', positions });
    expect(text.length).toBeLessThanOrEqual(8_192);
    expect(parseRoomCursor(text)).toEqual({ order: 'newest', positions });
    const star = { order: 'oldest', positions: new Map([['*', place]]) } as const;
    expect(parseRoomCursor(formatRoomCursor(star))).toEqual(star);
  });

  it.each([
    ['nothing', ''],
    ['that of a channel', 's12'],
    ['no JSON', 'rAAAA'],
    ['no list', encode({ order: 'oldest' })],
    ['no order', encode(['sideways', [], []])],
    ['a channel that is no name', encode(['oldest', ['e'], [['a.*.>', 0, 1]]])],
    ['a channel that is no text', encode(['oldest', ['e'], [[7, 0, 1]]])],
    ['an epoch that is not there', encode(['oldest', ['e'], [['a', 1, 1]]])],
    ['an epoch that would be found in a prototype', encode(['oldest', ['e'], [['a', 'length', 1]]])],
    ['an epoch of control characters', encode(['oldest', ['\n'], []])],
    ['a sequence that is none', encode(['oldest', ['e'], [['a', 0, -1]]])],
    ['a sequence that is a fraction', encode(['oldest', ['e'], [['a', 0, 1.5]]])],
    ['a place with more to it', encode(['oldest', ['e'], [['a', 0, 1, 2]]])],
    ['too many places', encode(['oldest', ['e'], Array.from({ length: 65 }, (_, n) => [`c${n}`, 0, 1])])],
  ])('[LOG-19] is not %s', (_, text) => {
    expect(parseRoomCursor(text)).toBeUndefined();
  });

  it('[LOG-19] is read without a throw, whatever it holds (property)', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseRoomCursor(`r${text}`)));
    fc.assert(fc.property(fc.json(), (json) => void parseRoomCursor(`r${Buffer.from(json).toString('base64url')}`)));
  });
});
