import { describe, expect, it } from 'vitest';
import { crashers } from './crashers.ts';
import { createRandom } from './random.ts';
import { runTarget } from './run-target.ts';
import { targets } from './targets/index.ts';

// `npm run fuzz`. A bus under mutated frames is in ../fuzz.test.ts.

const { FUZZ_SECONDS = '1', FUZZ_SEED = '1', FUZZ_TARGET = '' } = process.env;
const spanMs = Number(FUZZ_SECONDS) * 1_000;
const chosen = targets.filter(({ name }) => FUZZ_TARGET === '' || name === FUZZ_TARGET);

describe('fuzzing', () => {
  it.each(chosen)('[P-20] [P-21] $name hold, whatever comes', { timeout: spanMs + 60_000 }, async (target) => {
    const tried = await runTarget(target, { seed: Number(FUZZ_SEED), spanMs });
    process.stdout.write(`${target.name}: ${tried} inputs, seeds ${FUZZ_SEED} to ${Number(FUZZ_SEED) + tried - 1}\n`);
    expect(tried).toBeGreaterThan(0);
  });

  it('[P-20] what broke something once does not again', async () => {
    for (const { target, base64 } of crashers) {
      const found = targets.find(({ name }) => name === target);
      expect(found).toBeDefined();
      await found?.check(Buffer.from(base64, 'base64'));
    }
  });

  it('[P-20] tells what broke, and how to have it again', async () => {
    const broken = { name: 'broken', make: () => Uint8Array.of(1, 2), check: () => void JSON.parse('{') };
    await expect(runTarget(broken, { seed: 7, spanMs: 1_000 })).rejects.toThrow(
      /seed 7 .*--target broken --seed 7.*'AQI='/,
    );
    expect(createRandom(7)(1_000)).toBe(createRandom(7)(1_000));
  });
});
