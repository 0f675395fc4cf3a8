import type { Config } from '@arqonbus/config';
import { systemClock } from '@arqonbus/protocol';
import { randomUUID } from 'node:crypto';
import {
  addPostgresGauges,
  createCachedEntryStore,
  createValkeyEntryCache,
  createMemoryArchiveStore,
  createMemoryCronStore,
  createMemoryEpisodeDeadLetters,
  createMemoryEpisodeStore,
  createMemoryEntryStore,
  createPostgresArchiveStore,
  createPostgresCronStore,
  createMemoryGrantStore,
  createMemoryTaskStore,
  createPostgresDatabase,
  createPostgresEntryStore,
  createPostgresEpisodeDeadLetters,
  createPostgresEpisodeStore,
  createPostgresGrantStore,
  createPostgresObserver,
  createPostgresTaskStore,
  createMemoryWebhookStore,
  createPostgresWebhookStore,
} from '@arqonbus/storage';
import type {
  ArchiveStore,
  CronStore,
  DatabaseStatus,
  EntryStore,
  EpisodeDeadLetters,
  EpisodeStore,
  GrantStore,
  PostgresDatabase,
  TaskStore,
  WebhookStore,
} from '@arqonbus/storage';
import type { Logger, Metrics } from '@arqonbus/telemetry';
import type { OpenValkey } from '../valkey/open-valkey.ts';

/** Where the modules of a Brain keep what outlives it. */
export interface Storage {
  /** Undefined = in the memory of this process. */
  readonly database: PostgresDatabase | undefined;
  readonly grants: GrantStore;
  readonly archive: ArchiveStore;
  readonly cron: CronStore;
  readonly taskStore: TaskStore;
  readonly entries: EntryStore;
  readonly webhooks: WebhookStore;
  /** The projection of episodes (CTM-2). */
  readonly continuum: { readonly store: EpisodeStore; readonly letters: EpisodeDeadLetters };
  close(): Promise<void>;
}

/** What opening needs beyond the configuration. */
export interface StorageSurroundings {
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** What goes before Postgres where there is one. */
  readonly valkey?: OpenValkey | undefined;
}

/** Opens durable state as `storage.backend` says. Waits for nothing: a Brain works, degraded, without it (ARC-5). */
export function openStorage({ storage, postgres }: Config, { metrics, logger, valkey }: StorageSurroundings): Storage {
  if (storage.backend === 'memory') {
    const [grants, archive] = [createMemoryGrantStore(), createMemoryArchiveStore()];
    const webhooks = createMemoryWebhookStore();
    const [cron, taskStore] = [createMemoryCronStore(() => performance.now()), createMemoryTaskStore()];
    const entries = createMemoryEntryStore(() => systemClock.now());
    const continuum = { store: createMemoryEpisodeStore(), letters: createMemoryEpisodeDeadLetters() };
    const kept = { grants, archive, cron, taskStore, entries, webhooks, continuum };
    return { database: undefined, ...kept, close: async () => undefined };
  }
  const database = createPostgresDatabase({
    ...postgres,
    onStatus: (status, cause) => tell(logger, status, cause),
    onEnded: createPostgresObserver(metrics),
  });
  addPostgresGauges(metrics, database);
  const [grants, archive] = [createPostgresGrantStore(database), createPostgresArchiveStore(database)];
  const webhooks = createPostgresWebhookStore(database);
  const [cron, taskStore] = [createPostgresCronStore(database), createPostgresTaskStore(database)];
  const entries = cacheBefore(createPostgresEntryStore(database), metrics, valkey);
  const [store, letters] = [createPostgresEpisodeStore(database), createPostgresEpisodeDeadLetters(database)];
  const kept = { grants, archive, cron, taskStore, entries, webhooks, continuum: { store, letters } };
  return { database, ...kept, close: () => database.close() };
}

function cacheBefore(store: EntryStore, metrics: Metrics, valkey: OpenValkey | undefined): EntryStore {
  if (valkey === undefined) return store;
  const reads = metrics.labelledCounter(
    'arqonbus_store_cache_reads_total',
    'Reads of the store by what Valkey had of it: a copy, none, or no answer.',
    'result',
    { values: ['hit', 'miss', 'bypassed'] },
  );
  return createCachedEntryStore({
    store,
    cache: createValkeyEntryCache(valkey.link),
    nextLease: randomUUID,
    now: () => systemClock.now(),
    onRead: (read) => reads.inc(read),
  });
}

const ADVICE: Readonly<Record<Exclude<DatabaseStatus, 'ok' | 'starting'>, string>> = {
  unreachable: 'Postgres cannot be reached',
  read_only: 'Postgres takes no writes: it is a standby, or was made read-only',
  schema_too_old: 'the tables are missing or older than this Brain: run `arqon migrate`',
  unsafe_role: 'Postgres lets this role see past row-level security: connect as arqon_brain',
};

function tell(logger: Logger, status: DatabaseStatus, cause: unknown): void {
  if (status === 'ok' || status === 'starting') logger.info({ event: 'postgres_ready' }, 'Postgres can be used');
  else logger.error({ event: 'postgres_unusable', status, err: cause }, ADVICE[status]);
}
