import { BusError } from '@arqonbus/protocol';
import type { Database, Sql } from '../database.ts';
import { inTransaction } from './connections.ts';
import { toBusError } from './failure.ts';
import type { PostgresOptions } from './postgres-options.ts';
import { ServerHealth } from './server-health.ts';
import { ServerPools } from './server-pools.ts';

/** A {@link Database} on a pool of connections. */
export interface PostgresDatabase extends Database {
  /** For metrics: connections that are open, and transactions that wait for one. */
  figures(): { readonly connections: number; readonly waiting: number };
  /** Asks the server how it is. A timer calls it too. */
  probe(): Promise<void>;
}

const PROBE_EVERY_MS = 1_000;

/** Opens pools; nothing is connected before it is used. The first transaction waits for what the first probe says. */
export function createPostgresDatabase(options: PostgresOptions): PostgresDatabase {
  const { poolSize, maxWaiting } = options;
  const pools = new ServerPools(options);
  const health = new ServerHealth(pools, options);
  const underWay = new Set<Promise<unknown>>();
  let ended: Promise<void> | undefined;
  const attempt = async <T>(tenant: string, work: (sql: Sql) => Promise<T>): Promise<T> => {
    try {
      return await health.call((sql) => inTransaction(sql, tenant, work));
    } catch (error) {
      throw toBusError(error);
    }
  };
  const transact = async <T>(tenant: string, work: (sql: Sql) => Promise<T>): Promise<T> => {
    if (ended !== undefined || underWay.size >= poolSize + maxWaiting) throw new BusError('UNAVAILABLE');
    const one = attempt(tenant, work);
    underWay.add(one);
    try {
      return await one;
    } finally {
      underWay.delete(one);
    }
  };
  const stopTimer = (options.startTimer ?? everySecond)(() => void health.probe());
  const end = async (): Promise<void> => {
    stopTimer();
    // A pool that ends leaves whoever waits for a connection until their time is over.
    await Promise.allSettled(underWay);
    await health.settled();
    await pools.close();
  };
  return {
    withTenant: transact,
    withoutTenant: (work) => transact('', work),
    status: () => health.status,
    figures: () => ({ connections: pools.connections, waiting: Math.max(0, underWay.size - poolSize) }),
    probe: () => health.probe(),
    close: () => (ended ??= end()),
  };
}

function everySecond(run: () => void): () => void {
  const timer = setInterval(run, PROBE_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
