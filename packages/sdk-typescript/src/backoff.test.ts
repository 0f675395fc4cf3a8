import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS, backoffDelay, MAX_HINT_MS } from './backoff.ts';

it('spreads each wait over the whole range below its ceiling', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      (failures, roll) => {
        const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (failures - 1));
        expect(Math.abs(backoffDelay(failures, 0, () => roll) - roll * ceiling)).toBeLessThanOrEqual(0.5);
      },
    ),
  );
});

it('never comes back before the server wants it, nor lets a hostile server park it', () => {
  fc.assert(
    fc.property(fc.double(), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (hintMs, roll) => {
      const delay = backoffDelay(3, hintMs, () => roll);
      const hint = Number.isFinite(hintMs) ? Math.min(Math.max(hintMs, 0), MAX_HINT_MS) : 0;
      expect(delay).toBeGreaterThanOrEqual(Math.floor(hint));
      expect(delay).toBeLessThanOrEqual(Math.ceil(hint) + 1_000);
    }),
  );
});
