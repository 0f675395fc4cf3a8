import { expect, test } from 'vitest';
import { drillTable } from './harness/drill-table.ts';
import { runKillDrill } from './harness/kill-drill.ts';

const SIZE = { clients: 40, rooms: 10, publicationsPerSecond: 100, seconds: 10, kills: 5, pauseBetweenKillsMs: 300 };

test('[PRD-3] [LOG-9] [PRS-2] R-01, R-09: one process after the other is killed under load, and nothing acknowledged is lost, doubled or reordered', async () => {
  const result = await runKillDrill(SIZE);
  process.stdout.write(drillTable(SIZE, result));
  expect(result.texts).toEqual([]);
  expect(result).toMatchObject({ ghosts: 0, unseen: 0, signals: 0 });
  expect(new Set(result.killed)).toEqual(new Set(['Shield', 'NATS', 'Brain', 'Postgres']));
  expect(result.acknowledged).toBeGreaterThan(result.published / 2);
}, 180_000);
