import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareClocks, mergeClocks, parseVectorClock } from './vector-clock.ts';
import type { VectorClock } from './vector-clock.ts';

// Few names and small counts, so that all four outcomes are met.
const clock: fc.Arbitrary<VectorClock> = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(2), {
  noNullPrototype: false,
});

const isAtMost = (one: VectorClock, other: VectorClock): boolean =>
  ['before', 'equal'].includes(compareClocks(one, other));

const isBefore = (one: VectorClock, other: VectorClock): boolean => compareClocks(one, other) === 'before';

describe('vector clocks', () => {
  it.each([
    [{}, {}, 'equal'],
    [{ a: 1 }, { a: 1 }, 'equal'],
    [{ a: 0 }, {}, 'equal'],
    [{ a: 1 }, { a: 2 }, 'before'],
    [{}, { a: 1 }, 'before'],
    [{ a: 1, b: 2 }, { a: 1, b: 2, c: 1 }, 'before'],
    [{ a: 2, b: 1 }, { a: 1, b: 1 }, 'after'],
    [{ a: 2, b: 1 }, { a: 1, b: 2 }, 'concurrent'],
    [{ a: 1 }, { b: 1 }, 'concurrent'],
    [{ 'shield-1': 9_007_199_254_740_991 }, { 'shield-1': 9_007_199_254_740_990 }, 'after'],
  ] as const)('[LOG-13] %j to %j is %s', (one, other, order) => {
    expect(compareClocks(one, other)).toBe(order);
  });

  it('[LOG-13] are a partial order (property)', () => {
    const opposite = { before: 'after', after: 'before', equal: 'equal', concurrent: 'concurrent' } as const;
    fc.assert(
      fc.property(clock, clock, clock, (one, other, third) => {
        expect(compareClocks(one, one)).toBe('equal');
        expect(compareClocks(other, one)).toBe(opposite[compareClocks(one, other)]);
        const isChain = isAtMost(one, other) && isAtMost(other, third);
        expect(!isChain || isAtMost(one, third)).toBe(true);
        const isStrict = isChain && (isBefore(one, other) || isBefore(other, third));
        expect(!isStrict || isBefore(one, third)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('[LOG-13] merge to the least that is not before either (property)', () => {
    fc.assert(
      fc.property(clock, clock, clock, (one, other, third) => {
        const merged = mergeClocks(one, other);
        expect(compareClocks(merged, mergeClocks(other, one))).toBe('equal');
        expect(compareClocks(mergeClocks(one, one), one)).toBe('equal');
        expect(compareClocks(mergeClocks(merged, third), mergeClocks(one, mergeClocks(other, third)))).toBe('equal');
        expect([isAtMost(one, merged), isAtMost(other, merged)]).toEqual([true, true]);
        const isBound = isAtMost(one, third) && isAtMost(other, third);
        expect(isBound).toBe(isAtMost(merged, third));
      }),
      { numRuns: 1_000 },
    );
  });

  it('[LOG-13] merging changes neither, and no name means more than it says', () => {
    const one = Object.freeze({ a: 1 });
    const other = Object.freeze({ a: 3, toString: 1 });
    expect({ ...mergeClocks(one, other) }).toEqual({ a: 3, toString: 1 });
    expect({ ...mergeClocks({}, { toString: 1 }) }).toEqual({ toString: 1 });
    expect(compareClocks({}, { toString: 1 })).toBe('before');
    expect(compareClocks({ toString: 1 }, {})).toBe('after');
  });

  it('[LOG-13] are checked when they come from outside', () => {
    expect({ ...parseVectorClock(JSON.parse('{"agent_7":3,"shield-1":0}')) }).toEqual({ agent_7: 3, 'shield-1': 0 });
    const many = Object.fromEntries(Array.from({ length: 257 }, (_, n) => [`n${n}`, 1]));
    const bad = [
      null,
      undefined,
      7,
      'a',
      [1],
      { a: -1 },
      { a: 0.5 },
      { a: '1' },
      { a: -0 },
      { a: 2 ** 53 },
      { 'a b': 1 },
    ];
    for (const value of [...bad, many, JSON.parse('{"__proto__":1}'), { constructor: 1 }]) {
      expect(parseVectorClock(value)).toBeUndefined();
    }
  });
});
