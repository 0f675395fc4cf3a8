/** Seeds that once found a fault of ours; they run first. The first is there to be the first. */
export const PINNED_SEEDS: readonly number[] = [7, 340, 686, 743];

const FIRST = 1;
const COUNT = 1_000;
const PER_TEST = 10;
const SHARDS = 2;

/** One test's seeds. */
export interface SeedBatch {
  readonly from: number;
  readonly to: number;
  readonly seeds: readonly number[];
}

/** The seeds of one of two test files, which run side by side: 1,000 in all, or what `npm run sim` asks for. */
export function batchesOf(shard: 0 | 1): readonly SeedBatch[] {
  const from = Number(process.env['SIM_FROM'] ?? FIRST);
  const count = Number(process.env['SIM_SEEDS'] ?? COUNT);
  const batches: SeedBatch[] = [];
  for (let at = from, n = 0; at < from + count; at += PER_TEST, n++) {
    const to = Math.min(at + PER_TEST, from + count) - 1;
    if (n % SHARDS !== shard) continue;
    batches.push({ from: at, to, seeds: Array.from({ length: to - at + 1 }, (_, place) => at + place) });
  }
  return batches;
}
