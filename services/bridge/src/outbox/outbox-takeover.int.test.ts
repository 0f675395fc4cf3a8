import { systemClock } from '@arqonbus/protocol';
import type { EdgeMessage, EdgeOutcome } from '@arqonbus/spine';
import { OUTBOX_SQL, createPostgresOutbox } from '@arqonbus/storage/outbox';
import { createMetrics } from '@arqonbus/telemetry';
import { createTestDatabase, queryDatabase } from '@arqonbus/testkit';
import { expect, it } from 'vitest';
import { createOutboxMetrics } from './outbox-metrics.ts';
import { OutboxWorker } from './outbox-worker.ts';

// A Bridge that dies while it publishes a batch, and the one that stands by (BRG-1).

const ROWS = Array.from({ length: 30 }, (_, n) => n);
const BATCH = 10;

/** A log that stores an id once; it stores half of the first batch and then answers when it is let. */
function createLog() {
  const [stored, ids] = [[] as number[], new Set<string>()];
  let die: (error: Error) => void = () => undefined;
  const death = new Promise<never>((_, reject) => {
    die = reject;
  });
  let requests = 0;
  const store = ({ envelope: { id = '', payload } }: EdgeMessage): EdgeOutcome => {
    if (!ids.has(id)) stored.push(Number(Buffer.from(payload ?? []).toString()));
    ids.add(id);
    return { ok: true, id, payload: {}, json: new Uint8Array(0) };
  };
  const publish = async (messages: readonly EdgeMessage[]): Promise<readonly EdgeOutcome[]> => {
    requests += 1;
    if (requests > 1) return messages.map(store);
    for (const message of messages.slice(0, messages.length / 2)) store(message);
    return death;
  };
  return { stored, publish, die: () => die(new Error('killed')), requests: () => requests };
}

it('[BRG-1] [ARC-3] [LOG-5] loses nothing, doubles nothing and keeps the order where a Bridge is killed in the middle of a batch', async () => {
  const { ownerUrl, adminUrl, drop } = await createTestDatabase();
  await queryDatabase(ownerUrl, OUTBOX_SQL);
  const log = createLog();
  const states: string[] = [];
  const start = (): OutboxWorker =>
    new OutboxWorker({
      outbox: createPostgresOutbox({ url: ownerUrl }),
      publish: log.publish,
      findPublished: async () => new Set(),
      batchRows: BATCH,
      pollMs: 50,
      keepPublishedMs: 0,
      maxPayloadBytes: 1_000,
      clock: systemClock,
      metrics: createOutboxMetrics(createMetrics(), () => []),
      onState: (state) => states.push(state),
    });
  const first = start();
  await expect.poll(() => states).toContain('working');
  const second = start();
  await expect.poll(() => states).toContain('standby');
  await queryDatabase(
    ownerUrl,
    "INSERT INTO arqon_outbox.messages (channel, payload) SELECT 'a:a', to_json(n) FROM unnest($1::int[]) AS n",
    [ROWS],
  );
  await expect.poll(log.requests).toBe(1);
  // What a killed process leaves behind: its connections end, and nothing of it is heard any more.
  await queryDatabase(
    adminUrl,
    `SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
     WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()`,
  );
  await expect.poll(() => log.stored, { timeout: 10_000 }).toEqual(ROWS);
  log.die();
  await Promise.all([first.close(), second.close()]);
  const left = await queryDatabase(ownerUrl, 'SELECT id FROM arqon_outbox.messages');
  expect(left).toEqual([]);
  await drop();
});
