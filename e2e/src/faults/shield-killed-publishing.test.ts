import { SHIPPED_RULES } from '@arqonbus/config';
import { queryDatabase } from '@arqonbus/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createOutboxDatabase, createOutboxFile } from '../harness/outbox-database.ts';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { FollowedClient } from './harness/followed-client.ts';

// A Shield, or a Bridge, dies with publications in its hands. The second Shield reaches NATS through a proxy.
const [NEAR, DYING] = [0, 1];
/** So long that nothing else that a Shield says is taken for it. */
const TEXT = 'once '.repeat(2_000);

let bus: FaultCluster;
beforeAll(async () => {
  bus = await startFaultCluster({ ARQONBUS_LOG_RULES: JSON.stringify(SHIPPED_RULES) });
});
afterAll(() => bus.stop());

afterEach(async () => {
  bus.spineProxy.heal();
  if (bus.shields[DYING]?.isRunning() === false) await bus.restartShield(DYING);
});

/** A reader on the Shield that lives, and somebody who is about to publish on the other one. */
async function meet(channel: string): Promise<readonly [FollowedClient, FollowedClient]> {
  const clients = [await bus.connect(NEAR, { user: 'reader' }), await bus.connect(DYING, { user: 'writer' })] as const;
  for (const client of clients) await client.must('join_channel', { room: 'dying', channel });
  return clients;
}

/** Publishes once more what it had no answer to, from a Shield that lives. */
async function publishAgain(
  channel: string,
  id: string,
): Promise<{ readonly code: string; readonly payload: unknown }> {
  const writer = await bus.connect(NEAR, { user: 'writer' });
  await writer.must('join_channel', { room: 'dying', channel });
  const { code, payload } = await writer.publish(`dying:${channel}`, TEXT, { id });
  writer.end();
  return { code, payload };
}

test('[LOG-5] R-02: a Shield killed after the log has stored it, before the client is told: the same id is stored once, and acknowledged with its first place', async () => {
  const [reader, writer] = await meet('stored');
  bus.spineProxy.blackhole('toClient');
  const id = 'arq_stored-once-and-acknowledged-later';
  const answer = writer.publish('dying:stored', TEXT, { id });
  answer.catch(() => undefined);
  await expect.poll(() => reader.events.length, { timeout: 10_000 }).toBe(1);
  await bus.shields[DYING]?.kill();
  await expect(answer).rejects.toThrow('the connection ended');
  const [first] = reader.events;
  const payload = { seq: first?.['seq'], epoch: first?.['epoch'], duplicate: true };
  expect(await publishAgain('stored', id)).toEqual({ code: 'ok', payload });
  expect(await historyOf(reader, 'stored')).toEqual([id]);
  expect(reader.events.length).toBe(1);
  reader.end();
});

test('[LOG-5] [LOG-7] R-03: a Shield killed before the log has heard of it acknowledges nothing, and the same id is stored once', async () => {
  const [reader, writer] = await meet('unheard');
  const before = bus.spineProxy.swallowed();
  bus.spineProxy.blackhole('toServer');
  const id = 'arq_never-left-the-first-time';
  const answer = writer.publish('dying:unheard', TEXT, { id });
  answer.catch(() => undefined);
  await expect.poll(() => bus.spineProxy.swallowed()).toBeGreaterThan(before + TEXT.length);
  await bus.shields[DYING]?.kill();
  await expect(answer).rejects.toThrow('the connection ended');
  expect(await historyOf(reader, 'unheard')).toEqual([]);
  const again = await publishAgain('unheard', id);
  expect(again.code).toBe('ok');
  expect(again.payload).not.toHaveProperty('duplicate');
  await expect.poll(() => reader.events.map((event) => event['id'])).toEqual([id]);
  expect(await historyOf(reader, 'unheard')).toEqual([id]);
  reader.end();
});

async function historyOf(client: FollowedClient, channel: string): Promise<readonly unknown[]> {
  const { publications } = await client.must('history', { room: 'dying', channel });
  return (publications as readonly { readonly id: string }[]).map(({ id }) => id);
}

test('[BRG-1] [ARC-3] [LOG-5] a Bridge killed with a batch of an outbox published and not removed: another one takes over, and each row is stored once and in order', async () => {
  const [outbox, file] = [await createOutboxDatabase(), createOutboxFile()];
  await queryDatabase(outbox.ownerUrl, GATE);
  const root = await bus.connect(NEAR, { user: 'root', role: 'admin' });
  const permissions = ['publish', 'join'].map((action) => ({ action, pattern: 'dying:*', effect: 'allow' }));
  const { key } = await root.must('op.key.create', { name: 'outbox', permissions });
  file.write([{ name: 'shop', key: String(key), url: outbox.url }]);
  const settings = { OUTBOX_FILE: file.path, OUTBOX_BATCH_ROWS: '10', OUTBOX_POLL_MS: '100' };
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`ARQONBUS_${name}`, value]));
  const bridges = await Promise.all([bus.startBridge(0, env), bus.startBridge(1, env)]);
  const logs = (): string => bridges.map((bridge) => bridge.log()).join('');
  await expect
    .poll(logs, { timeout: 10_000 })
    .toMatch(/"state":"working".*"state":"standby"|"state":"standby".*"state":"working"/s);
  const first = bridges.find((bridge) => bridge.log().includes('"state":"working"'));
  const [reader, writer] = await meet('rows');
  const rows = Array.from({ length: 30 }, (_, n) => n);
  await outbox.insert('dying:rows', ...rows);
  await expect.poll(() => reader.events.length, { timeout: 10_000 }).toBe(10);
  const turnOf = async (): Promise<string> => JSON.stringify(await queryDatabase(outbox.ownerUrl, TURN));
  const turn = await turnOf();
  await first?.kill();
  await expect.poll(async () => ['[]', turn].includes(await turnOf()), { timeout: 10_000 }).toBe(false);
  expect(await outbox.waiting()).toBe(rows.length);
  await queryDatabase(outbox.ownerUrl, 'DELETE FROM gate');
  await expect.poll(() => outbox.waiting(), { timeout: 15_000 }).toBe(0);
  await expect.poll(() => reader.events.map(({ payload }) => payload), { timeout: 10_000 }).toEqual(rows);
  expect(await historyOf(reader, 'rows')).toHaveLength(rows.length);
  await Promise.all(bridges.map((bridge) => bridge.stop()));
  for (const client of [root, reader, writer]) client.end();
  file.remove();
  await outbox.drop();
});

/** Which connection has the turn. */
const TURN = `
  SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
  WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()`;

/** Rows cannot be removed while the gate is closed, and the database sees at once that who wants to is gone. */
const GATE = `
  CREATE TABLE gate AS SELECT 1;
  GRANT SELECT ON gate TO PUBLIC;
  CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      WHILE EXISTS (SELECT FROM gate) LOOP PERFORM pg_sleep(0.02); END LOOP;
      RETURN OLD;
    END $$;
  CREATE TRIGGER gate BEFORE DELETE ON arqon_outbox.messages FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
  DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET client_connection_check_interval = 50', current_database());
  END $$`;
