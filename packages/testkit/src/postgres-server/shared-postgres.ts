import { get } from 'node:http';
import { createPostgresDatabase } from './create-database.ts';
import type { PostgresDatabase } from './create-database.ts';

/** Names where the run's one server is asked for. */
export const SHARED_POSTGRES = 'ARQON_TEST_SHARED_POSTGRES';

/**
 * Makes an empty database on the server that all tests of a run share, and starts that server if this is the first. Who
 * harms Postgres starts one of its own instead.
 */
export async function createTestDatabase(): Promise<PostgresDatabase> {
  return createPostgresDatabase(await sharedPostgresPort());
}

/** Makes a copy of a database of that server. Nobody may be connected to the one it is copied from. */
export async function copyTestDatabase(template: PostgresDatabase): Promise<PostgresDatabase> {
  return createPostgresDatabase(await sharedPostgresPort(), template.name);
}

/** Where that server listens, on 127.0.0.1; its administrator is `postgres`, without a password. */
export async function sharedPostgresPort(): Promise<number> {
  const url = process.env[SHARED_POSTGRES];
  if (url === undefined) throw new Error('No shared Postgres: its set-up is missing in the configuration of vitest.');
  return Number(await ask(url));
}

function ask(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => (response.statusCode === 200 ? resolve(body) : reject(new Error(body))));
    });
    request.on('error', reject);
  });
}
