import { describe, expect, it } from 'vitest';
import { createFindBinding, isBindingPattern } from './bindings.ts';

describe('bindings', () => {
  it('[SCH-2] of several that fit, the one with the most characters that are no * holds', () => {
    const patterns = ['*', 'lab:*', 'lab:b*', 'lab:bench', '*:bench', 'b*:c', 'a*:c'];
    const find = createFindBinding(patterns.map((pattern) => ({ pattern, schemaId: 'x.v1', mode: 'warn' })));
    const found = [
      ['lab', 'bench'],
      ['lab', 'b1'],
      ['lab', '*'],
      ['attic', 'bench'],
      ['abc', 'c'],
      ['cellar', 'x'],
    ].map(([room = '', channel = '']) => find(room, channel)?.pattern);
    expect(found).toEqual(['lab:bench', 'lab:b*', 'lab:*', '*:bench', 'a*:c', '*']);
    // Remembered, and as before.
    expect(find('lab', 'bench')?.pattern).toBe('lab:bench');
    expect(createFindBinding([])('lab', 'bench')).toBeUndefined();
    for (let i = 0; i < 5_000; i++) find('lab', `c${i}`);
    expect(find('lab', 'bench')?.pattern).toBe('lab:bench');
  });

  it('[SCH-2] have patterns of channels, and no others', () => {
    expect(['lab:*', '*', 'a.b:c-d'].every(isBindingPattern)).toBe(true);
    expect(['', 'a b', 'x'.repeat(300), 'lab:*:x'].some(isBindingPattern)).toBe(false);
    expect(() => createFindBinding([{ pattern: 'a b', schemaId: 'x', mode: 'off' }])).toThrow(/malformed pattern/);
  });
});
