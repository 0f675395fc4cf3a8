import { postgresServers } from '@arqonbus/config';
import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { IS_READ_ONLY, READ_ONLY_CODE } from './failure.ts';

/**
 * Connects to the first server of an address that takes writes. Rejects with what the last one said, within the time that
 * `options` allow for each. A connection that breaks afterwards fails whoever uses it next.
 */
export async function connectToWriter(address: string, options: ClientConfig): Promise<Client> {
  let failure: unknown;
  for (const server of postgresServers(address)) {
    const client = new Client({ ...options, connectionString: server });
    // Without a listener it would end the process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ readonly is_read_only: boolean }>(`SELECT ${IS_READ_ONLY} AS is_read_only`);
      if (rows[0]?.is_read_only === false) return client;
      failure = Object.assign(new Error('the server takes no writes'), { code: READ_ONLY_CODE });
    } catch (error) {
      failure = error;
    }
    // One that does not end by itself is not waited for.
    void client.end().catch(() => undefined);
  }
  throw failure;
}
