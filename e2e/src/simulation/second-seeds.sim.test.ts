import { expect, test } from 'vitest';
import { findFailure } from './scenario/find-failure.ts';
import { runSeed } from './scenario/run-seed.ts';
import { batchesOf } from './scenario/seed-range.ts';

test('[LOG-14] the same seed gives the same history, and another one another', async () => {
  const [one, again, other] = [await runSeed(7), await runSeed(7), await runSeed(8)];
  expect(again.hash).toBe(one.hash);
  expect(other.hash).not.toBe(one.hash);
  expect(one.history.events.filter(({ kind }) => kind === 'delivered').length).toBeGreaterThan(20);
});

test.for(batchesOf(1))(
  '[LOG-3] [LOG-5] [LOG-8] [LOG-9] R-01, R-37, R-39, R-40: seeds $from to $to keep every promise',
  async ({ seeds }) => {
    expect(await findFailure(seeds)).toBeUndefined();
  },
);
