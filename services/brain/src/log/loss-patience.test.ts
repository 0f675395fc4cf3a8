import { describe, expect, it } from 'vitest';
import { LossPatience } from './loss-patience.ts';

const STREAM = 'LOG_default_0';

describe('LossPatience', () => {
  it('[LOG-4] is sure at once of a stream with one copy', () => {
    expect(new LossPatience().isSure(STREAM, 1, 0)).toBe(true);
  });

  it('[LOG-4] R-12: believes a loss in a replicated stream when it has lasted longer than a leader that is cut off lasts', () => {
    const patience = new LossPatience();
    const sure = [0, 5_000, 10_000, 14_999, 15_000].map((nowMs) => patience.isSure(STREAM, 3, nowMs));
    expect(sure).toEqual([false, false, false, false, true]);
  });

  it('[LOG-4] R-12: begins anew once all was there, after a long silence, and where the clock went back', () => {
    for (const between of [
      (patience: LossPatience): void => patience.forget(STREAM),
      (patience: LossPatience) => void patience.isSure(STREAM, 3, 20_001),
      (patience: LossPatience) => void patience.isSure(STREAM, 3, 9_999),
    ]) {
      const patience = new LossPatience();
      for (const nowMs of [0, 5_000, 10_000]) patience.isSure(STREAM, 3, nowMs);
      between(patience);
      expect(patience.isSure(STREAM, 3, 15_000)).toBe(false);
    }
  });

  it('[LOG-4] looks at each stream by itself', () => {
    const patience = new LossPatience();
    for (const nowMs of [0, 8_000, 15_000]) patience.isSure(STREAM, 3, nowMs);
    expect(patience.isSure('LOG_durable_0', 3, 15_000)).toBe(false);
  });
});
