import type { TenantId } from '@arqonbus/protocol';
import { queryDatabase, startPostgresServer, startStandby } from '@arqonbus/testkit';
import type { PostgresServer, PostgresStandby } from '@arqonbus/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOMY } from '../contract/test-database.ts';
import type { DatabaseStatus, Sql } from '../database.ts';
import { OUTBOX_SQL, createPostgresOutbox, openDeadLetters } from '../outbox/index.ts';
import { migratePostgres } from './migrate.ts';
import { createPostgresDatabase } from './postgres-database.ts';
import type { PostgresDatabase } from './postgres-database.ts';

const acme = 'acme' as TenantId;

describe('Postgres of several servers', () => {
  let primary: PostgresServer;
  let standby: PostgresStandby;
  let place: Awaited<ReturnType<PostgresServer['createDatabase']>>;
  /** The standby first, so that who takes the first one is wrong. */
  let both: (url: string) => string;
  beforeAll(async () => {
    primary = await startPostgresServer();
    place = await primary.createDatabase();
    standby = await startStandby(primary);
    both = (url) =>
      url.replace(
        /127\.0\.0\.1:(\d+)(.*)$/,
        `127.0.0.1:${standby.port},127.0.0.1:$1$2?target_session_attrs=read-write`,
      );
  }, 60_000);
  afterAll(() => Promise.all([standby.stop(), primary.stop()]));

  const open = (url: string, told: DatabaseStatus[] = []): PostgresDatabase =>
    createPostgresDatabase({
      ...ROOMY,
      url,
      onStatus: (status) => void told.push(status),
      startTimer: () => () => undefined,
    });
  const write = (user: string) => (sql: Sql) =>
    sql.query(`INSERT INTO arqon.grant_sets VALUES ('acme', $1, 1)`, [`user:${user}`]);
  const kept = (sql: Sql): Promise<readonly object[]> => sql.query('SELECT subject FROM arqon.grant_sets ORDER BY 1');

  it('[BRN-2] tables are made, and an outbox is worked on, where writes are taken', async () => {
    expect((await migratePostgres(both(place.ownerUrl))).applied.length).toBeGreaterThan(0);
    await queryDatabase(place.ownerUrl, OUTBOX_SQL);
    const session = await createPostgresOutbox({ url: both(place.ownerUrl) }).open(() => undefined);
    expect(await session.take()).toBe(true);
    await session.close();
    const letters = await openDeadLetters(both(place.ownerUrl));
    expect(await letters.retry('all')).toBe(0);
    await letters.close();
  });

  it('[BRN-2] a server that takes no writes is not worked with, connection after connection, until it does', async () => {
    const told: DatabaseStatus[] = [];
    const database = open(place.url, told);
    const setReadOnly = (value: string): Promise<unknown> =>
      queryDatabase(place.adminUrl, `ALTER ROLE arqon_brain SET default_transaction_read_only = ${value}`);
    await database.withTenant(acme, write('before'));
    // As when a server turns read-only below its connections: each of them knows it from now on.
    await database.withTenant(acme, (sql) => sql.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY'));
    await setReadOnly('on');
    await expect(database.withTenant(acme, write('refused'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await database.probe();
    expect(database.status()).toBe('read_only');
    await expect(database.withTenant(acme, kept)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await setReadOnly('off');
    await database.probe();
    expect(await database.withTenant(acme, kept)).toEqual([{ subject: 'user:before' }]);
    expect(told).toEqual(['ok', 'read_only', 'ok']);
    await database.close();
  });

  it('[BRN-2] [PRD-3] R-19: the one that leads is found, and left for the other when that one leads', async () => {
    const told: DatabaseStatus[] = [];
    const database = open(both(place.url), told);
    await database.withTenant(acme, write('on-the-first'));
    await primary.kill();
    await database.probe();
    expect(database.status()).toMatch(/unreachable|read_only/);
    await expect(database.withTenant(acme, kept)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await standby.promote();
    const isBack = async (): Promise<DatabaseStatus> => {
      await database.probe();
      return database.status();
    };
    await expect.poll(isBack, { timeout: 30_000 }).toBe('ok');
    await database.withTenant(acme, write('on-the-second'));
    const subjects = ['user:before', 'user:on-the-first', 'user:on-the-second'];
    expect(await database.withTenant(acme, kept)).toEqual(subjects.map((subject) => ({ subject })));
    await database.close();
    await database.close();
    await expect(openDeadLetters(place.ownerUrl)).rejects.toThrow(/ECONNREFUSED/);
  }, 60_000);
});
