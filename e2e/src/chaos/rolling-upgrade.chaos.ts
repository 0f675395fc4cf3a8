import { expect, test } from 'vitest';
import { drillTable } from '../faults/harness/drill-table.ts';
import { runKillDrill } from '../faults/harness/kill-drill.ts';

const SIZE = {
  clients: 100,
  rooms: 25,
  publicationsPerSecond: 200,
  seconds: 20,
  kills: 4,
  pauseBetweenKillsMs: 1_000,
  drainMs: 6_000,
};

test('[DPL-3] [PRD-3] [LOG-9] every Shield and Brain is replaced under load: nothing is lost, doubled or refused, and every session goes on', async () => {
  const result = await runKillDrill(SIZE);
  process.stdout.write(drillTable(SIZE, result));
  expect(result.texts).toEqual([]);
  expect(result).toMatchObject({ notAcknowledged: 0, signals: 0, ghosts: 0, unseen: 0, strangers: 0 });
  expect(new Set(result.killed.slice(0, 4))).toEqual(new Set(['Shield', 'Brain']));
  // Each was asked for a moment of its own, and half of them had to go from either Shield.
  const waits = result.reconnectsMs.toSorted((a, b) => a - b);
  expect(waits.length).toBeGreaterThanOrEqual(SIZE.clients / 2);
  expect(new Set(waits.map((ms) => Math.floor(ms / 50))).size).toBeGreaterThan(5);
}, 300_000);
