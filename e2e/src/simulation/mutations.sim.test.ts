import type { Invariant } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { MUTATIONS } from './scenario/mutations.ts';
import { runSeed } from './scenario/run-seed.ts';

const MAX_SEEDS = 60;

test.for(MUTATIONS)('[QLT-2] a broken build is found: $name', async ({ breaks, parts }) => {
  const found = new Set<Invariant>();
  for (let seed = 1; seed <= MAX_SEEDS && !found.has(breaks); seed++) {
    for (const { invariant } of (await runSeed(seed, parts)).violations) found.add(invariant);
  }
  expect([...found]).toContain(breaks);
});
