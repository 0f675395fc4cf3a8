import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeRatio, limitOf } from './judge-ratio.ts';

const tolerance = { tolerancePercent: 10, confirmations: 3 };

describe('[BEN-3] the budget of a ratio', () => {
  it('is kept up to 10 % over what was budgeted, by the first run alone', () => {
    expect(judgeRatio(1.2, [1.19], tolerance)).toBe('kept');
    expect(judgeRatio(1, [limitOf(1, tolerance)], tolerance)).toBe('kept');
    expect(judgeRatio(1.2, [0.3], tolerance)).toBe('kept');
  });

  it('is not judged by one bad run, nor by two confirmations of three', () => {
    expect(judgeRatio(1.2, [1.33], tolerance)).toBe('unconfirmed');
    expect(judgeRatio(1.2, [1.33, 1.4], tolerance)).toBe('unconfirmed');
    expect(judgeRatio(1.2, [1.33, 1.4, 1.5], tolerance)).toBe('unconfirmed');
  });

  it('has regressed when three more paired runs say so', () => {
    expect(judgeRatio(1.2, [1.33, 1.33, 1.4, 1.34], tolerance)).toBe('regressed');
  });

  it('was noise when one of them does not', () => {
    expect(judgeRatio(1.2, [9.9, 1.2], tolerance)).toBe('noise');
    expect(judgeRatio(1.2, [1.33, 1.4, 1.5, 1.31], tolerance)).toBe('noise');
  });

  it('is not kept by what is no number, and not judged without a run', () => {
    expect(judgeRatio(1.2, [Number.NaN], tolerance)).toBe('unconfirmed');
    expect(
      judgeRatio(
        1.2,
        Array.from({ length: 4 }, () => Number.NaN),
        tolerance,
      ),
    ).toBe('regressed');
    expect(judgeRatio(1.2, [], tolerance)).toBe('unconfirmed');
  });

  it('lets no regression of more than 10 % pass, however the runs fall (property)', () => {
    const over = fc.double({ min: 1.111, max: 20, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        fc.tuple(over, over, over, over),
        (ratio, factors) => {
          const runs = factors.map((factor) => ratio * factor);
          expect(judgeRatio(ratio, runs, tolerance)).toBe('regressed');
        },
      ),
    );
  });
});
