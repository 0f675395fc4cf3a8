import { createTestDatabase } from '@arqonbus/testkit';
import type { PostgresDatabase } from '@arqonbus/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryOutbox } from './memory-outbox.ts';
import { OUTBOX_SQL } from './outbox-sql.ts';
import { describeOutbox } from './outbox.contract.ts';
import type { OutboxRig } from './outbox.contract.ts';
import { createPostgresOutbox } from './postgres-outbox.ts';

const STATE = `coalesce(error_code, CASE WHEN published_at IS NULL THEN 'waiting' ELSE 'published' END)`;

describeOutbox('in memory', async () => {
  let nowMs = 0;
  const outbox = createMemoryOutbox(() => (nowMs += 1));
  return {
    outbox,
    insert: async (row) => outbox.insert(row),
    states: async () => outbox.rows().map(({ state }) => state),
    close: async () => undefined,
  };
});

/** An application's database, with an outbox that the Bridge's role may use as docs/outbox.md says, and nothing else. */
async function createRig(): Promise<OutboxRig & { readonly application: Client; readonly place: PostgresDatabase }> {
  const place = await createTestDatabase();
  const { ownerUrl, url, drop } = place;
  const application = new Client({ connectionString: ownerUrl });
  await application.connect();
  await application.query(OUTBOX_SQL);
  await application.query('GRANT USAGE ON SCHEMA arqon_outbox TO arqon_brain');
  await application.query('GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA arqon_outbox TO arqon_brain');
  return {
    place,
    application,
    outbox: createPostgresOutbox({ url, timeoutMs: 10_000 }),
    insert: async ({ channel, payload, headers, messageId }) => {
      const [name, value, more] = messageId === undefined ? ['', '', []] : [', message_id', ', $4', [messageId]];
      await application.query(
        `INSERT INTO arqon_outbox.messages (channel, payload, headers${name}) VALUES ($1, $2, $3${value})`,
        [channel, payload, headers ?? null, ...more],
      );
    },
    states: async () => {
      const { rows } = await application.query<{ readonly state: string }>(
        `SELECT ${STATE} AS state FROM arqon_outbox.messages ORDER BY id`,
      );
      return rows.map(({ state }) => state);
    },
    close: async () => {
      await application.end();
      await drop();
    },
  };
}

let rig: Awaited<ReturnType<typeof createRig>>;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

// One database for all of them: to make one takes longer than most tests.
const empty = async (): Promise<void> => {
  await rig.application.query('TRUNCATE arqon_outbox.messages');
};

describeOutbox('Postgres', async () => {
  await empty();
  return { ...rig, close: async () => undefined };
});

describe('an outbox in Postgres', () => {
  beforeEach(empty);
  const all = { maxRows: 100, maxBytes: 10_000, maxPayloadBytes: 1_000, withoutChannels: [] };

  it('[BRG-1] passes over no row whose transaction is committed after that of a later one', async () => {
    const [session, late] = [await rig.outbox.open(() => undefined), new Client({ connectionString: rig.place.url })];
    await late.connect();
    await rig.application.query('GRANT INSERT ON arqon_outbox.messages TO arqon_brain');
    const insert = `INSERT INTO arqon_outbox.messages (channel, payload) VALUES ('a:a', $1)`;
    await session.take();
    await late.query('BEGIN');
    await late.query(insert, ['"inserted first"']);
    await rig.application.query(insert, ['"committed first"']);
    const first = await session.next(all);
    expect(first.map(({ payload }) => payload)).toEqual(['"committed first"']);
    await session.settle(
      first.map(({ rowId }) => ({ rowId, state: 'published' })),
      false,
    );
    await late.query('COMMIT');
    expect((await session.next(all)).map(({ payload }) => payload)).toEqual(['"inserted first"']);
    await Promise.all([session.close(), late.end()]);
  });

  it('[BRG-1] publishes nothing of a transaction that is rolled back', async () => {
    const session = await rig.outbox.open(() => undefined);
    await session.take();
    const before = await session.next(all);
    await rig.application.query('BEGIN');
    await rig.insert({ channel: 'a:a', payload: '"undone"' });
    await rig.application.query('ROLLBACK');
    expect(await session.next(all)).toHaveLength(before.length);
    await session.close();
  });

  it.each([
    ['a channel that can be none', { channel: 'a', payload: '1' }],
    ['an id that can be none', { channel: 'a:a', payload: '1', messageId: 'x' }],
    ['headers that are no object', { channel: 'a:a', payload: '1', headers: '[]' }],
    ['a payload that is no JSON', { channel: 'a:a', payload: '{' }],
  ])('[PRD-6] takes from nobody %s', async (_what, row) => {
    await expect(rig.insert(row)).rejects.toThrow(/violates|invalid input syntax/);
  });

  it('[BRG-1] is made again without harm to what lies in it', async () => {
    await rig.insert({ channel: 'a:z', payload: '"stays"' });
    await rig.application.query(OUTBOX_SQL);
    expect((await rig.states()).length).toBeGreaterThan(0);
  });

  it('[ARC-3] lets nobody write who has lost the turn', async () => {
    const session = await rig.outbox.open(() => undefined);
    await session.take();
    const admin = new Client({ connectionString: rig.place.adminUrl });
    await admin.connect();
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'arqonbus-outbox' AND datname = current_database()`,
    );
    await admin.end();
    await expect(session.settle([{ rowId: '1', state: 'published' }], false)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await session.close();
  });

  it('[ARC-5] tells an outbox that is not there from a database that is not', async () => {
    const { url, drop } = await createTestDatabase();
    const session = await createPostgresOutbox({ url }).open(() => undefined);
    await expect(session.take()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await session.close();
    await drop();
    await expect(createPostgresOutbox({ url }).open(() => undefined)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
