import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPooledRandom } from './pooled-random.ts';

/** A generator that counts, so that whatever is given twice or left out shows. */
function counting(): { readonly fill: (bytes: Uint8Array) => void; readonly asked: number[] } {
  const asked: number[] = [];
  let next = 0;
  const fill = (bytes: Uint8Array): void => {
    asked.push(bytes.length);
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    for (let n = 0; n < words.length; n++) words[n] = ++next;
  };
  return { fill, asked };
}

describe('pooled random bytes', () => {
  it('[PRT-7] fills whatever is asked for, and gives nothing twice (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 60 }), (lengths) => {
        const pooled = createPooledRandom(counting().fill);
        const given = lengths.flatMap((length) => {
          const words = new Uint32Array(length);
          pooled(new Uint8Array(words.buffer));
          return [...words];
        });
        expect(new Set(given).size).toBe(given.length);
        expect(given).not.toContain(0);
      }),
    );
  });

  it('[PRT-7] asks the generator for a pool, and for what is larger than one by itself', () => {
    const { fill, asked } = counting();
    const pooled = createPooledRandom(fill);
    for (let n = 0; n < 300; n++) pooled(new Uint8Array(12));
    expect(asked).toEqual([4_096]);
    pooled(new Uint8Array(5_000));
    expect(asked).toEqual([4_096, 5_000]);
  });

  it('[PRT-7] draws from the generator of the system where none is named', () => {
    const [first, second] = [new Uint8Array(32), new Uint8Array(32)];
    const pooled = createPooledRandom();
    pooled(first);
    pooled(second);
    expect(first).not.toEqual(second);
    expect(first).not.toEqual(new Uint8Array(32));
  });
});
