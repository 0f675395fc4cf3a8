import { describe, expect, it } from 'vitest';
import { expectedCopies, simulateInterest } from './simulate-interest.ts';

const plan = { connections: 20_000, channels: 2_000, channelsPerConnection: 2, skew: 0, seed: 7 } as const;

describe('interest across Shields', () => {
  it('[SPN-3] sends one copy where there is one Shield, whoever is in the channel', () => {
    expect(simulateInterest({ ...plan, shields: 1 })).toMatchObject({ copies: 1, shareOfFlood: 1 });
  });

  it('[SPN-3] comes to what chance says of members that are spread at random', () => {
    // 20 members on average, and Poisson: publications come from larger channels more often.
    const poisson = (shields: number): number => shields * (1 - Math.exp(-20 / shields) * (1 - 1 / shields));
    for (const shields of [3, 12, 48]) {
      const { copies } = simulateInterest({ ...plan, shields });
      expect(Math.abs(copies / poisson(shields) - 1)).toBeLessThan(0.02);
    }
  });

  it('never sends more copies than there are Shields or members', () => {
    const { copies, deliveries } = simulateInterest({ ...plan, shields: 1_000 });
    expect(copies).toBeLessThanOrEqual(deliveries);
    expect(expectedCopies(3, 1)).toBeCloseTo(1);
    expect(expectedCopies(3, 1_000)).toBeCloseTo(3);
    expect(expectedCopies(2, 2)).toBeCloseTo(1.5);
  });

  it('gives the same figures for the same seed', () => {
    expect(simulateInterest({ ...plan, shields: 6 })).toEqual(simulateInterest({ ...plan, shields: 6 }));
  });
});
