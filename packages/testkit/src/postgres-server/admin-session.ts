import { Client } from 'pg';

/** One connection of an administrator: transactions and locks stay its own from one query to the next. */
export interface AdminSession {
  query<Row extends object>(sql: string): Promise<readonly Row[]>;
  /** Ends it, and whatever it had begun. */
  close(): Promise<void>;
}

/** Connects to a database. */
export async function openAdminSession(adminUrl: string): Promise<AdminSession> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  return {
    query: async <Row extends object>(sql: string) => (await client.query<Row>(sql)).rows,
    close: () => client.end(),
  };
}
