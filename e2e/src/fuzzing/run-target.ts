import type { FuzzTarget } from './fuzz-target.ts';
import { createRandom } from './random.ts';

/** For how long, and from which seed on: each input has the next one. */
export interface FuzzOrder {
  readonly seed: number;
  readonly spanMs: number;
}

/** No input may take longer, however busy the machine is. */
const MAX_MS = 1_000;

/** Tries inputs until the time is over; gives how many. Throws for the first that breaks something, and says how to have it again. */
export async function runTarget(target: FuzzTarget, { seed, spanMs }: FuzzOrder): Promise<number> {
  const endMs = performance.now() + spanMs;
  let tried = 0;
  while (performance.now() < endMs) {
    const input = target.make(createRandom(seed + tried));
    const startedMs = performance.now();
    try {
      await target.check(input);
    } catch (error) {
      throw new Error(describe(target, seed + tried, input), { cause: error });
    }
    if (performance.now() - startedMs > MAX_MS)
      throw new Error(`took too long: ${describe(target, seed + tried, input)}`);
    tried += 1;
  }
  return tried;
}

function describe({ name }: FuzzTarget, seed: number, input: Uint8Array): string {
  return `${name} broke with seed ${seed} (npm run fuzz -- --target ${name} --seed ${seed}); add to crashers.ts: '${Buffer.from(input).toString('base64')}'`;
}
