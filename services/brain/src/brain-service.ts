import type { Config } from '@arqonbus/config';
import { openNatsSpine, startNatsService, untilAvailable } from '@arqonbus/runtime';
import type { Service } from '@arqonbus/runtime';
import type { Spine } from '@arqonbus/spine';
import { createPostgresAuditCopy } from '@arqonbus/storage';
import type { CheckState, HealthReport, RootLogger } from '@arqonbus/telemetry';
import { createArchiveMetrics } from './archive/archive-metrics.ts';
import { createAuditMetrics } from './audit/audit-metrics.ts';
import { addBrainGauges, createRpcMetrics } from './brain-metrics.ts';
import type { Brain } from './brain.ts';
import { createCronMetrics } from './cron/cron-metrics.ts';
import { createErasureMetrics } from './erasures/erasure-metrics.ts';
import { openKeptLog } from './history/open-kept-log.ts';
import { openValkey } from './valkey/open-valkey.ts';
import type { OpenValkey } from './valkey/open-valkey.ts';
import { createStoreMetrics } from './store/store-metrics.ts';
import { openStorage } from './storage/open-storage.ts';
import type { Storage } from './storage/open-storage.ts';
import { startBrain } from './start-brain.ts';
import { createTaskMetrics } from './tasks/task-metrics.ts';
import { createWebhookMetrics } from './webhooks/webhook-metrics.ts';

/** Starts a Brain on NATS; not ready before it has its share of the partitions. Its drain hands them over. */
export function startBrainService(config: Config, logger: RootLogger): Service {
  let brain: Brain | undefined;
  let valkey: OpenValkey | undefined;
  let storage: Storage | undefined;
  const onFailure = (error: unknown): void =>
    logger.warn({ event: 'waiting_for_buckets', err: error }, 'the Brain cannot start yet');
  return startNatsService({
    name: 'brain',
    config,
    logger,
    servesSettings: false,
    open: openNatsSpine,
    health: (spine) => healthOf({ brain, spine, storage, valkey }),
    start: async ({ live, metrics, signal, httpPort, ...parts }) => {
      const rpcMetrics = createRpcMetrics(metrics);
      valkey = openValkey(config, { metrics, logger });
      storage = openStorage(config, { metrics, logger, valkey });
      const auditMetrics = createAuditMetrics(metrics);
      const keptLog = openKeptLog(config, { ...parts, logger, valkey });
      const { database, grants, archive, cron, taskStore, entries } = storage;
      const auditCopy = database && createPostgresAuditCopy(database);
      const webhooks = {
        store: storage.webhooks,
        isLasting: database !== undefined,
        metrics: createWebhookMetrics(metrics),
      };
      const observers = {
        rpcMetrics,
        auditMetrics,
        archiveMetrics: createArchiveMetrics(metrics),
        erasureMetrics: createErasureMetrics(metrics),
        cronMetrics: createCronMetrics(metrics),
        taskMetrics: createTaskMetrics(metrics),
        storeMetrics: createStoreMetrics(metrics),
      };
      const all = { ...parts, grants, archive, cron, taskStore, entries, webhooks, ...observers, auditCopy, keptLog };
      brain = await untilAvailable(() => startBrain(live.config, all), { signal, onFailure });
      addBrainGauges(metrics, brain);
      return { http_url: `http://${config.http.host}:${httpPort}` };
    },
    stop: async () => {
      await brain?.close();
      await storage?.close();
      await valkey?.close();
    },
  });
}

interface BrainParts {
  readonly brain: Brain | undefined;
  readonly spine: Spine | undefined;
  readonly storage: Storage | undefined;
  readonly valkey: OpenValkey | undefined;
}

/** Without Postgres or Valkey it is ready all the same: only what lies there is refused (ARC-5). */
function healthOf({ brain, spine, storage, valkey }: BrainParts): HealthReport {
  const isReady = brain?.isReady() ?? false;
  const check = (isWell: boolean): CheckState => (isWell ? 'ok' : 'down');
  const database = storage?.database;
  const checks = {
    spine: check(spine?.status() === 'connected'),
    buckets: check(isReady),
    ...(database === undefined ? {} : { postgres: check(database.status() === 'ok') }),
    ...(valkey === undefined ? {} : { valkey: check(valkey.isUsable()) }),
  };
  return { ready: isReady, checks };
}
