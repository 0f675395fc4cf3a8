import { expect, test } from 'vitest';
import { drillTable } from '../faults/harness/drill-table.ts';
import { runKillDrill } from '../faults/harness/kill-drill.ts';

const SIZE = {
  clients: 100,
  rooms: 25,
  publicationsPerSecond: 200,
  seconds: 25,
  kills: 4,
  pauseBetweenKillsMs: 5_000,
  reloadedWithinMs: 2_000,
};

test('[PRD-3] [LOG-9] [PRT-7] R-33: the balancer is reloaded under load: nothing is lost, doubled or reordered, and every session goes on', async () => {
  const result = await runKillDrill(SIZE);
  process.stdout.write(drillTable(SIZE, result));
  expect(result.texts).toEqual([]);
  expect(result).toMatchObject({ signals: 0, ghosts: 0, unseen: 0, strangers: 0 });
  // What the old process still had was ended: everybody came back, each time.
  expect(result.reconnectsMs.length).toBeGreaterThanOrEqual(SIZE.clients * (SIZE.kills - 1));
}, 300_000);
