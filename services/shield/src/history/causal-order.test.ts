import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderCausally } from './causal-order.ts';
import type { Caused } from './causal-order.ts';

/** `b<a` is an item b whose parent is a. */
const itemsOf = (text: string): Caused[] =>
  text.split(' ').map((word) => {
    const [id = '', causalParentId = ''] = word.split('<');
    return { id, causalParentId };
  });

describe('orderCausally', () => {
  it.each([
    ['a b c', 'a b c'],
    ['a b<a c<b', 'a b c'],
    ['c<b b<a a', 'a b c'],
    ['c<a b<a a d', 'a c b d'],
    ['x<elsewhere a', 'x a'],
    ['a<a b', 'a b'],
    ['a<b b<a c', 'c a b'],
    ['d<c a<b b<a c<a', 'a b c d'],
    ['a b<a a<b', 'a b a'],
  ])('[LOG-13] %s becomes %s', (given, expected) => {
    expect(
      orderCausally(itemsOf(given))
        .map(({ id }) => id)
        .join(' '),
    ).toBe(expected);
  });

  it('[LOG-13] keeps every item once, puts no parent after its child without a circle, and is stable (property)', () => {
    const item = fc.record({
      id: fc.nat(12).map(String),
      causalParentId: fc.oneof(fc.nat(12).map(String), fc.constant('')),
    });
    fc.assert(
      fc.property(fc.uniqueArray(item, { selector: ({ id }) => id, maxLength: 12 }), (items) => {
        const ordered = orderCausally(items);
        expect(new Set(ordered)).toEqual(new Set(items));
        expect(ordered).toHaveLength(items.length);
        const parents = new Map(items.map(({ id, causalParentId }) => [id, causalParentId]));
        const place = new Map(ordered.map(({ id }, index) => [id, index]));
        const isOnCircle = (id: string): boolean => {
          let at = parents.get(id);
          for (let steps = 0; at !== undefined && steps < 13; steps++, at = parents.get(at)) if (at === id) return true;
          return false;
        };
        const isInPlace = ({ id, causalParentId }: Caused): boolean =>
          (place.get(causalParentId) ?? -1) < (place.get(id) ?? -1);
        expect(items.filter((each) => !isOnCircle(each.id) && !isInPlace(each))).toEqual([]);
        const isInOrder = items.every(
          ({ causalParentId }, index) => !items.slice(index).some(({ id }) => id === causalParentId),
        );
        expect(isInOrder ? ordered : items).toEqual(items);
      }),
    );
  });

  it('[LOG-13] takes as long for a thousand that hang on one another as for others', () => {
    const chain = Array.from({ length: 1_000 }, (_, n) => ({ id: `m${n}`, causalParentId: `m${n + 1}` }));
    expect(orderCausally(chain).map(({ id }) => id)).toEqual(chain.map(({ id }) => id).toReversed());
    const circle = chain.map((item, n) => (n === 999 ? { ...item, causalParentId: 'm0' } : item));
    expect(orderCausally(circle)).toHaveLength(1_000);
  });
});
