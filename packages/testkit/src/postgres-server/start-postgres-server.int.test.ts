import { existsSync } from 'node:fs';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from './shared-postgres.ts';
import { findPostgres } from './find-postgres.ts';
import { startPostgresServer } from './start-postgres-server.ts';
import type { PostgresServer } from './start-postgres-server.ts';

async function ask(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('startPostgresServer', () => {
  let server: PostgresServer | undefined;
  afterEach(() => server?.stop());

  it('[QLT-2] keeps through a crash what was committed and nothing else, and leaves nothing behind', async () => {
    server = await startPostgresServer();
    const { ownerUrl, adminUrl } = await server.createDatabase();
    await ask(ownerUrl, 'CREATE TABLE kept (n int)');
    await ask(ownerUrl, 'INSERT INTO kept VALUES (7)');
    const [row] = await ask(adminUrl, "SELECT current_setting('data_directory') AS folder");
    const client = new Client({ connectionString: ownerUrl });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('BEGIN');
    await client.query('INSERT INTO kept VALUES (8)');
    await server.kill();
    // No session outlives the crash to commit.
    await expect(client.query('COMMIT')).rejects.toThrow(/terminated|ECONNRESET|not queryable/u);
    await expect(ask(ownerUrl, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.restart();
    expect(await ask(ownerUrl, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await server.stop();
    await server.stop();
    expect(existsSync(String(row?.['folder']))).toBe(false);
  });
});

describe('createTestDatabase', () => {
  it('[BRN-2] gives an empty database whose service role may neither own nor see past anything', async () => {
    const database = await createTestDatabase();
    const other = await createTestDatabase();
    try {
      expect(other.name).not.toBe(database.name);
      const [me] = await ask(
        database.url,
        'SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user',
      );
      expect(me).toEqual({ rolname: 'arqon_brain', rolsuper: false, rolbypassrls: false, rolcreaterole: false });
      await expect(ask(database.url, 'CREATE TABLE public.mine (n int)')).rejects.toMatchObject({ code: '42501' });
    } finally {
      await database.drop();
      await other.drop();
    }
    await expect(ask(database.url, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
  });
});

describe('findPostgres', () => {
  it('[QLT-2] says what to install where there is none', () => {
    expect(() => findPostgres({ POSTGRES_PATH: '/nowhere/postgres' })).toThrow(/apt-get install postgresql/);
  });
});
