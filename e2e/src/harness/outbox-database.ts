import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, queryDatabase } from '@arqonbus/testkit';
import { runArqon } from './run-arqon.ts';

/** An application's database with an outbox in it, as docs/outbox.md has it made. */
export interface OutboxDatabase {
  /** For the Bridge. */
  readonly url: string;
  /** For `arqon outbox`. */
  readonly ownerUrl: string;
  /** Inserts rows, in one transaction. */
  insert(channel: string, ...payloads: readonly unknown[]): Promise<void>;
  /** How many rows are left that were not refused. */
  waiting(): Promise<number>;
  /** Why rows were refused: code and text of each. */
  refusals(): Promise<readonly string[]>;
  /** Cuts the Bridge off, and lets it in again. */
  lock(isLocked: boolean): Promise<void>;
  drop(): Promise<void>;
}

/** One process prints it for all databases: to start one for each, beside those of a bus, is most of what a busy machine waits for. */
let printed: Promise<string> | undefined;

async function printSql(): Promise<string> {
  const sql = runArqon(['outbox', 'sql']);
  if ((await sql.exited) !== 0) throw new Error(sql.stderr());
  return sql.stdout();
}

/** Makes one. */
export async function createOutboxDatabase(): Promise<OutboxDatabase> {
  const { name, url, ownerUrl, adminUrl, drop } = await createTestDatabase();
  printed ??= printSql();
  await queryDatabase(ownerUrl, `${await printed};${GRANTS}`);
  const run = (text: string, values?: readonly unknown[]): Promise<readonly object[]> =>
    queryDatabase(ownerUrl, text, values);
  return {
    url,
    ownerUrl,
    drop,
    insert: async (channel, ...payloads) => {
      const texts = payloads.map((payload) => JSON.stringify(payload));
      await run(
        'INSERT INTO arqon_outbox.messages (channel, payload) SELECT $1, p::json FROM unnest($2::text[]) AS p',
        [channel, texts],
      );
    },
    waiting: async () => {
      const [row] = await queryDatabase<{ readonly waiting: number }>(
        ownerUrl,
        'SELECT count(*)::int AS waiting FROM arqon_outbox.messages WHERE refused_at IS NULL',
      );
      return row?.waiting ?? 0;
    },
    refusals: async () => {
      const rows = await queryDatabase<{ readonly why: string }>(
        ownerUrl,
        "SELECT error_code || ' ' || error AS why FROM arqon_outbox.messages WHERE refused_at IS NOT NULL ORDER BY id",
      );
      return rows.map(({ why }) => why);
    },
    lock: async (isLocked) => {
      const [change, whom] = isLocked ? ['REVOKE', 'FROM'] : ['GRANT', 'TO'];
      await queryDatabase(adminUrl, `${change} CONNECT ON DATABASE ${name} ${whom} PUBLIC`);
      if (!isLocked) return;
      await queryDatabase(
        adminUrl,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND usename = 'arqon_brain'`,
      );
    },
  };
}

const GRANTS = `
  GRANT USAGE ON SCHEMA arqon_outbox TO arqon_brain;
  GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA arqon_outbox TO arqon_brain`;

/** The file that names outboxes to a Bridge. */
export interface OutboxFile {
  readonly path: string;
  write(sources: readonly { readonly name: string; readonly key: string; readonly url: string }[]): void;
  remove(): void;
}

/** Makes one that names none. */
export function createOutboxFile(): OutboxFile {
  const folder = mkdtempSync(join(tmpdir(), 'arqon-outboxes-'));
  const path = join(folder, 'outboxes.yaml');
  const file: OutboxFile = {
    path,
    // JSON is YAML, too.
    write: (sources) => writeFileSync(path, JSON.stringify(sources)),
    remove: () => rmSync(folder, { recursive: true }),
  };
  file.write([]);
  return file;
}
