import { postgresServers } from '@arqonbus/config';
import type { Pool } from 'pg';
import type { Sql } from '../database.ts';
import { createPool, onConnection } from './connections.ts';
import type { PostgresOptions } from './postgres-options.ts';

/** Connections to one server at a time, of those that an address names. */
export class ServerPools {
  readonly #options: PostgresOptions;
  readonly #servers: readonly string[];
  /** Pools that were left, until their last connection is given back. */
  readonly #ending = new Set<Promise<void>>();
  #at = 0;
  #pool: Pool;

  constructor(options: PostgresOptions) {
    this.#options = options;
    this.#servers = postgresServers(options.url);
    this.#pool = this.#open();
  }

  /** How many servers there are to try. */
  get servers(): number {
    return this.#servers.length;
  }

  /** Open connections, those of servers that were left not counted. */
  get connections(): number {
    return this.#pool.totalCount;
  }

  /** Runs `work` on a connection to the server that is used now. */
  run<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return onConnection(this.#pool, work);
  }

  /** Leaves the server for the next one, or connects anew where it is the only one: its name may lead elsewhere by now. */
  moveOn(): void {
    this.#leave();
    this.#at = (this.#at + 1) % this.#servers.length;
    this.#pool = this.#open();
  }

  /** Resolves when all connections have ended. */
  async close(): Promise<void> {
    this.#leave();
    await Promise.all(this.#ending);
  }

  #open(): Pool {
    return createPool(this.#servers[this.#at] ?? '', this.#options);
  }

  #leave(): void {
    const ending = this.#pool.end().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
