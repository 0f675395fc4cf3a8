import { expect, test } from 'vitest';
import { findFailure } from './scenario/find-failure.ts';
import { PINNED_SEEDS, batchesOf } from './scenario/seed-range.ts';

test('[LOG-3] [LOG-5] [LOG-8] [LOG-9] seeds that once found a fault', async () => {
  expect(await findFailure(PINNED_SEEDS)).toBeUndefined();
});

test.for(batchesOf(0))(
  '[LOG-3] [LOG-5] [LOG-8] [LOG-9] R-01, R-37, R-39, R-40: seeds $from to $to keep every promise',
  async ({ seeds }) => {
    expect(await findFailure(seeds)).toBeUndefined();
  },
);
