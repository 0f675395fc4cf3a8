import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_TIME_MS, formatTime, parseTime } from './times.ts';

describe('times', () => {
  it('[PRT-25] writes what toISOString writes and reads it back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_TIME_MS }), (ms) => {
        expect(formatTime(ms)).toBe(new Date(ms).toISOString());
        expect(parseTime(formatTime(ms))).toBe(ms);
      }),
    );
    for (const ms of [0, 1, 9, 10, 99, 100, 999, 1_000, MAX_TIME_MS])
      expect(formatTime(ms)).toBe(new Date(ms).toISOString());
  });

  it.each([
    ['2026-03-01T09:30:00Z', '2026-03-01T09:30:00.000Z'],
    ['2026-03-01t09:30:00.5z', '2026-03-01T09:30:00.500Z'],
    ['2026-03-01T09:30:00.123456789Z', '2026-03-01T09:30:00.123Z'],
    ['2026-03-01T09:30:00.25+02:00', '2026-03-01T07:30:00.250Z'],
    ['2026-03-01T09:30:00-05:30', '2026-03-01T15:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['1970-01-01T00:00:00-00:00', '1970-01-01T00:00:00.000Z'],
  ])('[PRT-25] reads %s', (text, expected) => {
    expect(parseTime(text)).toBe(Date.parse(expected));
  });

  it.each([
    '',
    'now',
    '2026-03-01',
    '2026-03-01 09:30:00Z',
    '2026-03-01T09:30Z',
    '2026-03-01T09:30:00',
    '2026-3-1T09:30:00Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00.1234567890Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00+01:60',
    '2026-01-01T00:00:00+0100',
    '1969-12-31T23:59:59Z',
    '9999-12-31T23:59:59-01:00',
    '0000-01-01T00:00:00Z',
    '+02026-01-01T00:00:00Z',
    '2026-01-01T00:00:00Z ',
    `2026-01-01T00:00:00.${'0'.repeat(50)}Z`,
  ])('[PRT-25] refuses %j', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});
