import { afterAll, beforeAll, expect, test } from 'vitest';
import { damageStream } from './harness/damage-stream.ts';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { report } from './harness/report.ts';

// A disk has gone bad under the only copy that NATS has: R-13 with nobody to copy from but the archive.

const STREAM = 'LOG_archived_0';
const MESSAGES = 300;
const FLIPS = 5;
/** Of the catalogue. */
const ALARM_MS = 60_000;
const target = { room: 'copies', channel: 'damaged' };

let bus: FaultCluster;
beforeAll(async () => {
  const archived = {
    class: 'history',
    max_messages: 1_000,
    max_age_ms: 3_600_000,
    max_bytes: 8_388_608,
    archive: true,
  };
  bus = await startFaultCluster({
    ARQONBUS_LOG_PROFILES: JSON.stringify({ archived }),
    ARQONBUS_LOG_RULES: JSON.stringify([{ pattern: '*:*', profile: 'archived' }]),
  });
});
afterAll(() => bus.stop());

/** The largest that a Brain tells of a figure, labels as written. */
async function brainFigure(line: string): Promise<number> {
  const texts = await Promise.all(
    bus.brains.map(async (brain) => (await fetch(`${brain.addresses()['http_url']}/metrics`)).text()),
  );
  const lines = texts.flatMap((text) => text.split('\n')).filter((one) => one.startsWith(`${line} `));
  return Math.max(0, ...lines.map((one) => Number(one.slice(line.length + 1))));
}

/** What there is of the channel in an epoch, page after page. */
async function historyOf(client: FollowedClient, epoch: unknown): Promise<unknown[]> {
  const found: unknown[] = [];
  let cursor: unknown;
  do {
    const page = await client.must('history', {
      ...target,
      epoch,
      limit: 200,
      order: 'oldest',
      ...(cursor === undefined ? {} : { cursor }),
    });
    expect(page['incomplete']).toBeUndefined();
    found.push(...(page['publications'] as { payload: unknown }[]).map(({ payload }) => payload));
    cursor = page['cursor'];
  } while (cursor !== undefined);
  return found;
}

test('[LOG-9] [LOG-4] [LOG-15] [TEL-2] R-13: bits are turned over in the only copy of the log: an operator and every client are told, and the archive has all of it', async () => {
  const [writer, reader] = [await bus.connect(0, { user: 'writer' }), await bus.connect(1, { user: 'reader' })];
  for (const client of [writer, reader]) await client.must('join_channel', target);
  for (let n = 0; n < MESSAGES; n++) expect((await writer.publish('copies:damaged', n)).code).toBe('ok');
  await expect.poll(() => brainFigure('arqonbus_archive_copied_total'), { timeout: 20_000 }).toBe(MESSAGES);
  await expect.poll(() => reader.events.length, { timeout: 10_000 }).toBe(MESSAGES);
  const [first] = reader.events;
  const from = { epoch: first?.['epoch'], seq: first?.['seq'] };

  await bus.nats.kill();
  expect(damageStream(bus.nats.storeDir, STREAM, FLIPS)).toBeGreaterThan(0);
  const startedAt = performance.now();
  await bus.nats.restart();
  const losses = (): Promise<number> => brainFigure('arqonbus_log_losses_total{reason="regressed"}');
  await expect.poll(losses, { timeout: ALARM_MS }).toBeGreaterThan(0);
  const toldMs = performance.now() - startedAt;

  const late = await bus.connect(0, { user: 'late' });
  const joined = async (): Promise<unknown> => {
    const { code, payload } = await late.command('join_channel', { ...target, from });
    return code === 'ok' ? [payload['recovered'], payload['reason']] : code;
  };
  await expect.poll(joined, { timeout: 20_000 }).toEqual([false, 'epoch_changed']);
  const notice = expect.objectContaining({ event: 'lagging', ...target, recovered: false, reason: 'epoch_changed' });
  await expect.poll(() => reader.systems, { timeout: 20_000 }).toContainEqual(notice);
  expect(await historyOf(late, from.epoch)).toEqual(Array.from({ length: MESSAGES }, (_, n) => n));
  report('the only copy is damaged', { 'told ms': toldMs });
  for (const client of [writer, reader, late]) client.end();
}, 120_000);
