import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { BusError, TenantId } from '@arqonbus/protocol';
import { startPostgresServer } from '@arqonbus/testkit';
import type { PostgresServer } from '@arqonbus/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ROOMY } from '../contract/test-database.ts';
import type { DatabaseStatus, Sql } from '../database.ts';
import { migratePostgres } from './migrate.ts';
import { createPostgresDatabase } from './postgres-database.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import type { PostgresOptions } from './postgres-options.ts';

const acme = 'acme' as TenantId;
const one = (sql: Sql): Promise<readonly object[]> => sql.query('SELECT 1 AS one');

/** By how many ms the loop of this process is late meanwhile: of a hundred times, the one that is second to the worst. */
async function lagWhile(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  return delay.percentile(99) / 1e6;
}

describe('Postgres that is gone, slow or not fit', () => {
  let server: PostgresServer;
  let urls: Awaited<ReturnType<PostgresServer['createDatabase']>>;
  let database: PostgresDatabase;
  let told: DatabaseStatus[];
  beforeAll(async () => {
    server = await startPostgresServer();
    urls = await server.createDatabase();
    await migratePostgres(urls.ownerUrl);
  });
  afterAll(() => server.stop());
  afterEach(() => database.close());

  const open = (more: Partial<PostgresOptions> = {}): void => {
    told = [];
    const onStatus = (status: DatabaseStatus): void => void told.push(status);
    database = createPostgresDatabase({
      ...ROOMY,
      url: urls.url,
      onStatus,
      startTimer: () => () => undefined,
      ...more,
    });
  };

  it('[ARC-5] [R-18] is UNAVAILABLE at once while it is down, and comes back by itself', async () => {
    open();
    await database.withTenant(acme, one);
    await server.kill();
    for (let tries = 0; tries < 4; tries += 1) {
      await expect(database.withTenant(acme, one)).rejects.toMatchObject({ name: 'BusError', code: 'UNAVAILABLE' });
    }
    expect(database.status()).toBe('unreachable');
    const startedMs = performance.now();
    await expect(database.withTenant(acme, one)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    await server.restart();
    await expect(database.withTenant(acme, one)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await database.probe();
    expect(await database.withTenant(acme, one)).toEqual([{ one: 1 }]);
    expect(told).toEqual(['ok', 'unreachable', 'ok']);
  });

  it('[R-21] keeps nothing of a transaction whose connection is reset in the middle', async () => {
    open();
    const half = database.withTenant(acme, async (sql) => {
      await sql.query("INSERT INTO arqon.grant_sets VALUES ('acme', 'user:half', 1)");
      await server.kill();
      await sql.query("INSERT INTO arqon.grant_sets VALUES ('acme', 'user:other-half', 1)");
    });
    await expect(half).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await server.restart();
    await database.probe();
    const rows = await database.withTenant(acme, (sql) => sql.query('SELECT * FROM arqon.grant_sets'));
    expect(rows).toEqual([]);
  });

  it('[BRN-2] is UNAVAILABLE in time when it does not answer', async () => {
    open({ connectTimeoutMs: 200 });
    server.suspend();
    try {
      const startedMs = performance.now();
      await expect(database.withTenant(acme, one)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(performance.now() - startedMs).toBeLessThan(2_000);
    } finally {
      server.resume();
    }
    await database.probe();
    expect(await database.withTenant(acme, one)).toEqual([{ one: 1 }]);
  });

  it('[BRN-2] [R-20] ends a statement that takes too long, and goes on with the connection', async () => {
    open({ statementTimeoutMs: 100, poolSize: 1 });
    const slow = database.withTenant(acme, (sql) => sql.query('SELECT pg_sleep(30)'));
    await expect(slow).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await database.withTenant(acme, one)).toEqual([{ one: 1 }]);
    expect(database.status()).toBe('ok');
  });

  it('[PRD-5] [R-20] refuses who would wait behind too many', async () => {
    open({ poolSize: 1, maxWaiting: 2 });
    await database.withTenant(acme, one);
    let letGo = (): void => undefined;
    const hold = new Promise<void>((resolve) => (letGo = resolve));
    const held = database.withTenant(acme, () => hold);
    const waiting = [database.withTenant(acme, one), database.withTenant(acme, one)];
    expect(database.figures()).toEqual({ connections: 1, waiting: 2 });
    await expect(database.withTenant(acme, one)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    letGo();
    await held;
    expect(await Promise.all(waiting)).toEqual([[{ one: 1 }], [{ one: 1 }]]);
  });

  it('[PRD-5] [R-20] the loop stands still for nobody while every connection is at work on what takes too long', async () => {
    open({ poolSize: 4, maxWaiting: 10, statementTimeoutMs: 100 });
    await database.withTenant(acme, one);
    const idleMs = await lagWhile(async () => {
      for (let n = 0; n < 200; n += 1) await database.withTenant(acme, one);
    });
    const outcomes: Promise<string>[] = [];
    const ask = (statement: string): void => {
      const asked = database.withTenant(acme, (sql) => sql.query(statement));
      outcomes.push(asked.then(String, (error: unknown) => (error as BusError).code));
    };
    for (let n = 0; n < 4; n += 1) ask('SELECT pg_sleep(30)');
    let waiting = 0;
    const busyMs = await lagWhile(async () => {
      for (let n = 0; n < 2_000; n += 1) {
        ask('SELECT pg_sleep(30)');
        waiting = Math.max(waiting, database.figures().waiting);
        await new Promise(setImmediate);
      }
    });
    expect(waiting).toBe(10);
    process.stdout.write(`[figures] loop lag, p99 ms: idle ${idleMs}, beside a pool that is exhausted ${busyMs}\n`);
    // 50 ms are asked for, on a machine of its own: what others do here delays both.
    expect(busyMs).toBeLessThan(250 + 2 * idleMs);
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['UNAVAILABLE']));
  });

  it('[BRN-2] does not work as a role that sees past row-level security', async () => {
    open({ url: urls.adminUrl });
    await expect(database.withTenant(acme, one)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(told).toEqual(['unsafe_role']);
  });

  it('[BRN-2] waits for tables that are not there yet', async () => {
    const empty = await server.createDatabase();
    open({ url: empty.url });
    await expect(database.withTenant(acme, one)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(database.status()).toBe('schema_too_old');
    await migratePostgres(empty.ownerUrl);
    await database.probe();
    expect(await database.withTenant(acme, one)).toEqual([{ one: 1 }]);
  });
});
