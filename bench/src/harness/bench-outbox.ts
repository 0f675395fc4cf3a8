import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OUTBOX_SQL } from '@arqonbus/storage/outbox';
import { queryDatabase, startPostgresServer } from '@arqonbus/testkit';

/** An application's database with an outbox, on a server of its own. */
export interface BenchOutbox {
  /** Names the outbox to a Bridge; empty until {@link BenchOutbox.open}. */
  readonly file: string;
  readonly pid: number;
  /** Tells the Bridge of it, with this key. */
  open(key: string): void;
  /** Inserts so many rows in one transaction and waits until none is left. */
  publish(channel: string, payload: string, count: number): Promise<void>;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 20;
const GIVE_UP_MS = 60_000;

/** Starts one. */
export async function startBenchOutbox(): Promise<BenchOutbox> {
  const folder = mkdtempSync(join(tmpdir(), 'arqon-bench-outbox-'));
  const file = join(folder, 'outboxes.yaml');
  writeFileSync(file, '[]');
  const server = await startPostgresServer();
  const { ownerUrl } = await server.createDatabase();
  await queryDatabase(ownerUrl, OUTBOX_SQL);
  const waiting = async (): Promise<number> => {
    const sql = 'SELECT count(*)::int AS waiting, count(refused_at)::int AS refused FROM arqon_outbox.messages';
    const [row] = await queryDatabase<{ readonly waiting: number; readonly refused: number }>(ownerUrl, sql);
    if (row === undefined || row.refused > 0) throw new Error('rows of the outbox were refused');
    return row.waiting;
  };
  return {
    file,
    pid: server.pid() ?? 0,
    open: (key) => writeFileSync(file, JSON.stringify([{ name: 'bench', key, url: ownerUrl }])),
    publish: async (channel, payload, count) => {
      const startedMs = performance.now();
      await queryDatabase(
        ownerUrl,
        'INSERT INTO arqon_outbox.messages (channel, payload) SELECT $1, $2::json FROM generate_series(1, $3::int)',
        [channel, payload, count],
      );
      while ((await waiting()) > 0) {
        if (performance.now() > startedMs + GIVE_UP_MS) throw new Error('the outbox is not emptied');
        await delay(LOOK_EVERY_MS);
      }
    },
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
