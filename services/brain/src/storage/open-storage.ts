import type { Config } from '@arqonbus/config';
import {
  addPostgresGauges,
  createMemoryArchiveStore,
  createMemoryCronStore,
  createPostgresArchiveStore,
  createPostgresCronStore,
  createMemoryGrantStore,
  createMemoryTaskStore,
  createPostgresDatabase,
  createPostgresGrantStore,
  createPostgresObserver,
  createPostgresTaskStore,
} from '@arqonbus/storage';
import type {
  ArchiveStore,
  CronStore,
  DatabaseStatus,
  GrantStore,
  PostgresDatabase,
  TaskStore,
} from '@arqonbus/storage';
import type { Logger, Metrics } from '@arqonbus/telemetry';

/** Where the modules of a Brain keep what outlives it. */
export interface Storage {
  /** Undefined = in the memory of this process. */
  readonly database: PostgresDatabase | undefined;
  readonly grants: GrantStore;
  readonly archive: ArchiveStore;
  readonly cron: CronStore;
  readonly taskStore: TaskStore;
  close(): Promise<void>;
}

/** What opening needs beyond the configuration. */
export interface StorageSurroundings {
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Opens durable state as `storage.backend` says. Waits for nothing: a Brain works, degraded, without it (ARC-5). */
export function openStorage({ storage, postgres }: Config, { metrics, logger }: StorageSurroundings): Storage {
  if (storage.backend === 'memory') {
    const [grants, archive] = [createMemoryGrantStore(), createMemoryArchiveStore()];
    const [cron, taskStore] = [createMemoryCronStore(() => performance.now()), createMemoryTaskStore()];
    return { database: undefined, grants, archive, cron, taskStore, close: async () => undefined };
  }
  const database = createPostgresDatabase({
    ...postgres,
    onStatus: (status, cause) => tell(logger, status, cause),
    onEnded: createPostgresObserver(metrics),
  });
  addPostgresGauges(metrics, database);
  const [grants, archive] = [createPostgresGrantStore(database), createPostgresArchiveStore(database)];
  const [cron, taskStore] = [createPostgresCronStore(database), createPostgresTaskStore(database)];
  return { database, grants, archive, cron, taskStore, close: () => database.close() };
}

const ADVICE: Readonly<Record<Exclude<DatabaseStatus, 'ok' | 'starting'>, string>> = {
  unreachable: 'Postgres cannot be reached',
  schema_too_old: 'the tables are missing or older than this Brain: run `arqon migrate`',
  unsafe_role: 'Postgres lets this role see past row-level security: connect as arqon_brain',
};

function tell(logger: Logger, status: DatabaseStatus, cause: unknown): void {
  if (status === 'ok' || status === 'starting') logger.info({ event: 'postgres_ready' }, 'Postgres can be used');
  else logger.error({ event: 'postgres_unusable', status, err: cause }, ADVICE[status]);
}
