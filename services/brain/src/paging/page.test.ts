import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PAGE, MAX_PAGE, jsonBytes, takePage } from './page.ts';
import type { Paging } from './page.ts';

const paging: Paging<string> = { keyOf: (item) => item, sizeOf: (item) => item.length, pageBytes: 1_000_000 };
const many = Array.from({ length: 2_500 }, (_, i) => String(i).padStart(6, '0'));

describe('takePage', () => {
  it('[PRT-22] gives every item once, in order, whatever the size of the pages', () => {
    const list = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), { maxLength: 40 });
    fc.assert(
      fc.property(list, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 60 }), (items, limit, pageBytes) => {
        const sorted = items.toSorted((a, b) => (a < b ? -1 : 1));
        const seen: string[] = [];
        let cursor = '';
        do {
          const page = takePage(sorted, { cursor, limit }, { ...paging, pageBytes });
          expect(page.items.length).toBeLessThanOrEqual(limit);
          seen.push(...page.items);
          ({ cursor } = page);
        } while (cursor !== '');
        expect(seen).toEqual(sorted);
      }),
    );
  });

  it('[PRT-22] misses and repeats nothing that stays while others come and go', () => {
    const list = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(list, list, list, (stay, leave, come) => {
        const text = (numbers: readonly number[]): string[] =>
          [...new Set(numbers)].map((n) => String(n).padStart(2, '0')).toSorted();
        const first = takePage(text([...stay, ...leave]), { cursor: '', limit: 10 }, paging);
        const second = takePage(text([...stay, ...come]), { cursor: first.cursor, limit: 100 }, paging);
        const seen = first.cursor === '' ? first.items : [...first.items, ...second.items];
        for (const item of text(stay)) expect(seen.filter((other) => other === item)).toEqual([item]);
      }),
    );
  });

  it('[PRT-22] has pages of 100 where nothing is said, and of 1,000 at most', () => {
    expect(takePage(many, { cursor: '', limit: 0 }, paging).items).toHaveLength(DEFAULT_PAGE);
    expect(takePage(many, { cursor: '', limit: 4_000_000_000 }, paging).items).toHaveLength(MAX_PAGE);
  });

  it('[PRT-22] ends before it outgrows its bytes, but is never empty', () => {
    expect(takePage(many, { cursor: '', limit: 100 }, { ...paging, pageBytes: 29 }).items).toHaveLength(4);
    const page = takePage(many, { cursor: '', limit: 100 }, { ...paging, pageBytes: -5 });
    expect(page.items).toEqual(['000000']);
    expect(page.cursor).not.toBe('');
  });

  it('[PRT-22] says when nothing follows', () => {
    expect(takePage([], { cursor: '', limit: 10 }, paging)).toEqual({ items: [], cursor: '' });
    const last = takePage(
      many,
      { cursor: takePage(many.slice(0, -1), { cursor: '', limit: 1 }, paging).cursor, limit: 3 },
      paging,
    );
    expect(last.items[0]).toBe('000001');
    const beyond = Buffer.from('zzz').toString('base64url');
    expect(takePage(many, { cursor: beyond, limit: 10 }, paging)).toEqual({ items: [], cursor: '' });
  });

  it.each(['!', 'a', 'YQ==', 'Y Q', '\u0000', '//8', 'YWJj'.repeat(200)])('[PRT-8] refuses the cursor %j', (cursor) => {
    const call = () => takePage(many, { cursor, limit: 10 }, paging);
    expect(call).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
  });

  it('[PRT-22] reckons with escapes', () => {
    expect([jsonBytes('plain'), jsonBytes('"\\'), jsonBytes('\u0001'), jsonBytes('\u{1f680}')]).toEqual([7, 6, 8, 6]);
  });
});
