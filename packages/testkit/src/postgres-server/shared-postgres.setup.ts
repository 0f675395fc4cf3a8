import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SHARED_POSTGRES } from './shared-postgres.ts';
import { startPostgresServer } from './start-postgres-server.ts';
import type { PostgresServer } from './start-postgres-server.ts';

/** Global set-up of vitest: one Postgres for all test files of a run, started when the first of them asks for it. */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Set by the first of several projects.
  if (process.env[SHARED_POSTGRES] !== undefined) return undefined;
  let server: Promise<PostgresServer> | undefined;
  const desk = createServer((_request, response) => {
    server ??= startPostgresServer();
    server.then(
      ({ port }) => response.end(String(port)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  }).listen(0, '127.0.0.1');
  await once(desk, 'listening');
  process.env[SHARED_POSTGRES] = `http://127.0.0.1:${(desk.address() as AddressInfo).port}/`;
  return async () => {
    desk.close();
    const running = await server?.catch(() => undefined);
    await running?.stop();
  };
}
