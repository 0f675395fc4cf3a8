import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitLimit } from './split-limit.ts';

const limit = 1_000;

function partsOf(demands: readonly number[]): number[] {
  return demands.map((own) => splitLimit(limit, own, demands));
}

describe('splitLimit', () => {
  it('[PRT-27] grants the whole limit, and nothing twice, whatever is asked for', () => {
    const demand = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(fc.array(demand, { minLength: 1, maxLength: 50 }), (demands) => {
        const parts = partsOf(demands);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 9);
        for (const part of parts) expect(part).toBeGreaterThan(0);
      }),
    );
  });

  it.each([
    [
      [0, 0],
      [0.5, 0.5],
    ],
    [
      [10, 0],
      [0.55, 0.45],
    ],
    [
      [1_000, 1_000],
      [0.5, 0.5],
    ],
    [
      [9_000, 1_000],
      [0.9, 0.1],
    ],
    [
      [5_000, 0],
      [0.99, 0.01],
    ],
    [[7], [1]],
  ])('[PRT-27] follows the demand %j: %j', (demands, parts) => {
    for (const [index, part] of partsOf(demands).entries()) expect(part).toBeCloseTo(parts[index] ?? -1, 2);
  });
});
