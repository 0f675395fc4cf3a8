import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { simulateInterest } from '../interest/simulate-interest.ts';

const SHIELDS = [1, 2, 3, 6, 12, 24, 48] as const;

/** Who talks in what: sizes of channels decide how many Shields hear of a publication. */
const WORLDS = [
  { name: 'pairs', channels: 150_000, channelsPerConnection: 3, skew: 0 },
  { name: 'teams of 20', channels: 15_000, channelsPerConnection: 3, skew: 0 },
  { name: 'halls of 1,000', channels: 300, channelsPerConnection: 3, skew: 0 },
  { name: 'few large, many small', channels: 15_000, channelsPerConnection: 3, skew: 1 },
] as const;

const CONNECTIONS = 100_000;

/** How the traffic on the Spine grows with the number of Shields: counted, not measured; nothing is started. */
export const interest: Benchmark = {
  name: 'interest',
  title:
    '100,000 connections in 3 channels each, spread over Shields at random: copies of one publication on the Spine',
  run: runInterest,
};

async function runInterest(options: RunOptions): Promise<BenchmarkResult> {
  const connections = options.isQuick ? CONNECTIONS / 10 : CONNECTIONS;
  const rows = WORLDS.flatMap(({ name, channels, ...world }) =>
    SHIELDS.map((shields): Cell[] => {
      options.onProgress(`${name}, ${shields}`);
      const size = Math.round((channels * connections) / CONNECTIONS);
      const traffic = simulateInterest({ ...world, shields, connections, channels: size, seed: 1 });
      return [
        name,
        String(shields),
        traffic.copies,
        traffic.shareOfFlood * 100,
        traffic.deliveries,
        String(traffic.subscriptions),
      ];
    }),
  );
  const columns = ['channels', 'Shields', 'copies', '% of flooding', 'deliveries', 'subscriptions of one Shield'];
  return { columns, rows, verdicts: [] };
}
