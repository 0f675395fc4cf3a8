import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSampled } from './is-sampled.ts';

const TRACES = 100_000;

/** Ids as tracing makes them, and as clients have them: numbered ones differ in their last letters alone. */
const kinds: readonly (readonly [string, (n: number) => string])[] = [
  ['random trace ids', (n) => createHash('sha256').update(`${n}`).digest('hex').slice(0, 32)],
  ['numbered trace ids', (n) => n.toString(16).padStart(32, '0')],
  ['client ids', (n) => `n0a1b2c3d4e5f_${n.toString(16).padStart(20, '0')}`],
];

describe('isSampled', () => {
  it.each(kinds)('[MIR-1] of 100,000 %s takes 9.5 to 10.5 of a hundred at 10 percent', (_, traceOf) => {
    const share = (percent: number): number =>
      Array.from({ length: TRACES }, (_each, n) => isSampled(traceOf(n), percent)).filter(Boolean).length / TRACES;
    expect(share(10)).toBeGreaterThan(0.095);
    expect(share(10)).toBeLessThan(0.105);
    expect([share(0), share(100)]).toEqual([0, 1]);
  });

  it('[MIR-1] says of a trace always the same, and keeps in a larger share whom a smaller one holds', () => {
    const percent = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.string(), percent, percent, (trace, a, b) => {
        expect(isSampled(trace, a)).toBe(isSampled(trace, a));
        const [isInSmaller, isInLarger] = [Math.min(a, b), Math.max(a, b)].map((share) => isSampled(trace, share));
        expect(isInLarger || !isInSmaller).toBe(true);
      }),
    );
  });
});
