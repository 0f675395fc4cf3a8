import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { drillTable } from '../faults/harness/drill-table.ts';
import { runKillDrill } from '../faults/harness/kill-drill.ts';
import { report } from '../faults/harness/report.ts';
import { followGrowth } from './process-growth.ts';
import type { ProcessGrowth } from './process-growth.ts';

/** R-41 asks for 60: `SOAK_MINUTES=60 SOAK_SEED=7 npm run chaos -- e2e/src/chaos/soak.chaos.ts`. */
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 5);
const SEED = Number(process.env['SOAK_SEED'] ?? randomInt(1_000_000));
/** What a heap may have not given back yet at the one moment, and had at the other. */
const LATE_GROWTH_MIB = 64;
/** Connections of the clients of a Shield that is gone come to the one that lasts. */
const DESCRIPTORS = 60;

test(
  `[PRD-3] [LOG-3] [PRS-2] R-41: ${MINUTES} minutes of faults that are drawn with seed ${SEED}: nothing is lost, doubled or reordered, and nothing grows`,
  async () => {
    const grown = new Map<string, ProcessGrowth>();
    const size = {
      clients: 50,
      rooms: 10,
      publicationsPerSecond: 100,
      seconds: MINUTES * 60,
      kills: MINUTES,
      pauseBetweenKillsMs: 0,
      seed: SEED,
    };
    try {
      const result = await runKillDrill(size, ({ shields, brains }) => {
        grown.set('Shield', followGrowth(shields[0]?.pid ?? 0));
        grown.set('Brain', followGrowth(brains[0]?.pid ?? 0));
      });
      process.stdout.write(drillTable(size, result));
      for (const [name, growth] of grown) {
        const { first, last } = growth.descriptors();
        const lateGrowthMib = growth.lateGrowthMib();
        report(`${name} over ${MINUTES} minutes, seed ${SEED}`, {
          'MiB/h': growth.mibPerHour(),
          'MiB in the last third': lateGrowthMib,
          'descriptors at first': first,
          'and at last': last,
        });
      }
      expect(result.texts).toEqual([]);
      expect(result).toMatchObject({ ghosts: 0, unseen: 0 });
      for (const growth of grown.values()) {
        expect(growth.lateGrowthMib()).toBeLessThan(LATE_GROWTH_MIB);
        expect(growth.descriptors().last - growth.descriptors().first).toBeLessThan(DESCRIPTORS);
      }
    } finally {
      for (const growth of grown.values()) growth.stop();
    }
  },
  MINUTES * 60_000 * 2 + 300_000,
);
