import { readdirSync } from 'node:fs';
import { createTestDatabase, startChaosProxy, waitUntil } from '@arqonbus/testkit';
import type { PostgresDatabase as TestDatabase } from '@arqonbus/testkit';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, migratePostgres } from './migrate.ts';
import { SCHEMA_VERSION } from './schema-version.ts';

describe('migrations', () => {
  let place: TestDatabase;
  let owner: Client;
  beforeEach(async () => {
    place = await createTestDatabase();
    owner = new Client({ connectionString: place.ownerUrl });
    await owner.connect();
  });
  afterEach(async () => {
    await owner.end();
    await place.drop();
  });

  const connection = {
    exec: async (text: string) => [await owner.query<object>(text)].flat().at(-1)?.rows ?? [],
  };

  it('[QLT-6] are numbered without holes, go forward alone, and end at the version that the program asks for', () => {
    const files = readdirSync(new URL('./migrations/', import.meta.url)).toSorted();
    const numbers = Array.from({ length: SCHEMA_VERSION }, (_, index) => String(index + 1).padStart(3, '0'));
    expect(files.map((name) => name.split('.')[0])).toEqual(numbers);
    expect(files.every((name) => /^\d{3}\.do\.[a-z-]+\.sql$/.test(name))).toBe(true);
  });

  it('[BRN-2] make the tables from nothing, and nothing a second time', async () => {
    const report = await migratePostgres(place.ownerUrl);
    expect(report).toMatchObject({ from: 0, to: SCHEMA_VERSION });
    expect(report.applied).toHaveLength(SCHEMA_VERSION);
    expect(await migratePostgres(place.ownerUrl)).toEqual({ from: SCHEMA_VERSION, to: SCHEMA_VERSION, applied: [] });
  });

  it('[BRN-2] go on from every earlier version, and keep what is there', async () => {
    for (let version = 1; version <= SCHEMA_VERSION; version += 1) {
      expect(await migrate(connection, version)).toMatchObject({ from: version - 1, to: version });
      if (version > 1) continue;
      await owner.query("BEGIN; SELECT set_config('arqon.tenant', 'acme', true)");
      await owner.query("INSERT INTO arqon.grant_sets VALUES ('acme', 'user:kept', 4); COMMIT");
    }
    await owner.query("BEGIN; SELECT set_config('arqon.tenant', 'acme', true)");
    const { rows } = await owner.query('SELECT subject, version FROM arqon.grant_sets');
    await owner.query('COMMIT');
    expect(rows).toEqual([{ subject: 'user:kept', version: '4' }]);
  });

  it('[ARC-3] may be run by several at once', async () => {
    const reports = await Promise.all([1, 2, 3].map(() => migratePostgres(place.ownerUrl)));
    expect(reports.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
    expect(new Set(reports.map(({ to }) => to))).toEqual(new Set([SCHEMA_VERSION]));
  });

  it('[BRN-2] leave tables of a newer program alone, and refuse a step that was changed', async () => {
    await migratePostgres(place.ownerUrl);
    await owner.query(`INSERT INTO arqon.schema_version (version, name) VALUES (${SCHEMA_VERSION + 1}, 'of tomorrow')`);
    const newer = SCHEMA_VERSION + 1;
    expect(await migratePostgres(place.ownerUrl)).toEqual({ from: newer, to: newer, applied: [] });
    await owner.query(`DELETE FROM arqon.schema_version WHERE version = ${newer}`);
    await owner.query("UPDATE arqon.schema_version SET md5 = 'another' WHERE version = 1");
    await expect(migratePostgres(place.ownerUrl)).rejects.toThrow(/checksum/i);
  });

  it('[DPL-2] wait for a server that cannot be reached yet, as long as they are told to, and no longer', async () => {
    const url = new URL(place.ownerUrl);
    const server = await startChaosProxy({ targetPort: Number(url.port) });
    const way = await startChaosProxy({ targetPort: server.port });
    url.port = String(way.port);
    server.cut();
    await expect(migratePostgres(url.href)).rejects.toThrow(/ECONN|terminated/);
    expect(way.accepted()).toBe(1);
    const report = migratePostgres(url.href, { waitMs: 60_000 });
    await waitUntil(() => way.accepted() > 1, { what: 'a first try' });
    server.heal();
    expect(await report).toMatchObject({ from: 0, to: SCHEMA_VERSION });
    await Promise.all([way.stop(), server.stop()]);
  });

  it('[BRN-2] leave nothing half done', async () => {
    const failing = { exec: async (text: string) => (text.includes('GRANT USAGE') ? fail() : connection.exec(text)) };
    await expect(migrate(failing)).rejects.toThrow('the connection is gone');
    const { rows } = await owner.query("SELECT 1 FROM pg_namespace WHERE nspname = 'arqon'");
    expect(rows).toEqual([]);
  });
});

function fail(): never {
  throw new Error('the connection is gone');
}
