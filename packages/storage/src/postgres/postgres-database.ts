import { BusError } from '@arqonbus/protocol';
import type { Database, Sql } from '../database.ts';
import { createPool, inTransaction, onConnection } from './connections.ts';
import { toBusError } from './failure.ts';
import type { PostgresOptions } from './postgres-options.ts';
import { ServerHealth } from './server-health.ts';

/** A {@link Database} on a pool of connections. */
export interface PostgresDatabase extends Database {
  /** For metrics: connections that are open, and transactions that wait for one. */
  figures(): { readonly connections: number; readonly waiting: number };
  /** Asks the server how it is. A timer calls it too. */
  probe(): Promise<void>;
}

const PROBE_EVERY_MS = 1_000;

/** Opens a pool; nothing is connected before it is used. The first transaction waits for what the first probe says. */
export function createPostgresDatabase(options: PostgresOptions): PostgresDatabase {
  const { poolSize, maxWaiting } = options;
  const pool = createPool(options);
  const health = new ServerHealth((work) => onConnection(pool, work), options);
  let underWay = 0;
  const transact = async <T>(tenant: string, work: (sql: Sql) => Promise<T>): Promise<T> => {
    if (underWay >= poolSize + maxWaiting) throw new BusError('UNAVAILABLE');
    underWay += 1;
    try {
      return await health.call((sql) => inTransaction(sql, tenant, work));
    } catch (error) {
      throw toBusError(error);
    } finally {
      underWay -= 1;
    }
  };
  const stopTimer = (options.startTimer ?? everySecond)(() => void health.probe());
  let ended: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    stopTimer();
    await health.settled();
    await pool.end();
  };
  return {
    withTenant: transact,
    withoutTenant: (work) => transact('', work),
    status: () => health.status,
    figures: () => ({ connections: pool.totalCount, waiting: Math.max(0, underWay - poolSize) }),
    probe: () => health.probe(),
    close: () => (ended ??= end()),
  };
}

function everySecond(run: () => void): () => void {
  const timer = setInterval(run, PROBE_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
