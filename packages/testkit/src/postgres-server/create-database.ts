import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** A database for one test. */
export interface PostgresDatabase {
  readonly name: string;
  /** For migrations: of the role that owns what they make. */
  readonly ownerUrl: string;
  /** For the code under test: of the role that Brains connect as. */
  readonly url: string;
  /** Of an administrator, whom no row-level security binds. */
  readonly adminUrl: string;
  /** Ends what is connected to it, and removes it. */
  drop(): Promise<void>;
}

/** Makes a database, of the owner's role, on the server with this port: empty, or a copy of one that nobody is connected to. */
export async function createPostgresDatabase(port: number, template = 'template1'): Promise<PostgresDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asAdministrator(port, `CREATE DATABASE ${name} OWNER arqon_owner TEMPLATE ${template}`);
  const urlOf = (user: string): string => `postgres://${user}@127.0.0.1:${port}/${name}`;
  return {
    name,
    ownerUrl: urlOf('arqon_owner'),
    url: urlOf('arqon_brain'),
    adminUrl: urlOf('postgres'),
    drop: () => asAdministrator(port, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Runs statements as whoever this address is of; gives the rows of the last one. */
export async function queryDatabase<Row extends object>(
  url: string,
  text: string,
  values?: readonly unknown[],
): Promise<readonly Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const results = await client.query<Row>(text, values === undefined ? undefined : [...values]);
    return [results].flat().at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}

async function asAdministrator(port: number, sql: string): Promise<void> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
