import type { TenantId } from '@arqonbus/protocol';
import { createTestDatabase } from '@arqonbus/testkit';
import { expect, it } from 'vitest';
import { describeDatabase } from '../contract/database.contract.ts';
import { createMigratedDatabase, ROOMY } from '../contract/test-database.ts';
import { migratePostgres } from './migrate.ts';
import { createPostgresDatabase } from './postgres-database.ts';

describeDatabase('Postgres', createMigratedDatabase);

it('[BRN-2] ends once what waits for a connection has had one, and takes nothing more', async () => {
  const place = await createTestDatabase();
  await migratePostgres(place.ownerUrl);
  // Had it been left waiting, it would not have been answered in the time that a test has.
  const database = createPostgresDatabase({ ...ROOMY, connectTimeoutMs: 120_000, poolSize: 1, url: place.url });
  const acme = 'acme' as TenantId;
  const select = (): Promise<readonly object[]> => database.withTenant(acme, (sql) => sql.query('SELECT 1 AS one'));
  await select();
  const waiting = Array.from({ length: 5 }, select);
  const closed = database.close();
  await expect(select()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => [{ one: 1 }]));
  await closed;
  await place.drop();
});
