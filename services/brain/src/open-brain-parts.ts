import type { Config } from '@arqonbus/config';
import { createPostgresAuditCopy, createValkeyOmegaStore } from '@arqonbus/storage';
import type { Logger, Metrics } from '@arqonbus/telemetry';
import { createArchiveMetrics } from './archive/archive-metrics.ts';
import { createLogMetrics } from './log/log-metrics.ts';
import { createAuditMetrics } from './audit/audit-metrics.ts';
import { createRpcMetrics } from './brain-metrics.ts';
import { createContinuumMetrics } from './continuum/continuum-metrics.ts';
import { createCronMetrics } from './cron/cron-metrics.ts';
import { createErasureMetrics } from './erasures/erasure-metrics.ts';
import { openKeptLog } from './history/open-kept-log.ts';
import type { KeptLogSurroundings } from './history/open-kept-log.ts';
import { createOmegaMetrics } from './omega/omega-metrics.ts';
import type { BrainSurroundings } from './start-brain.ts';
import { openStorage } from './storage/open-storage.ts';
import type { Storage } from './storage/open-storage.ts';
import { createStoreMetrics } from './store/store-metrics.ts';
import { createTaskMetrics } from './tasks/task-metrics.ts';
import { openValkey } from './valkey/open-valkey.ts';
import type { OpenValkey } from './valkey/open-valkey.ts';
import { createWebhookMetrics } from './webhooks/webhook-metrics.ts';

/** What a Brain keeps things in, and is counted by. */
export interface BrainParts {
  /** For `startBrain`, beside what the Spine gives. */
  readonly surroundings: Omit<
    BrainSurroundings,
    'spine' | 'keyValue' | 'streams' | 'openWork' | 'episodes' | 'openAuditTrail' | 'logger' | 'feed' | 'logEraser'
  >;
  readonly storage: Storage;
  /** Undefined where the configuration names none. */
  readonly valkey: OpenValkey | undefined;
  /** To be called once the Brain is closed. */
  close(): Promise<void>;
}

/** Opens both as the configuration says, in a process of its own and in an embedded bus alike. Waits for nothing (ARC-5). */
export function openBrainParts(
  config: Config,
  {
    metrics,
    logger,
    ...log
  }: Omit<KeptLogSurroundings, 'valkey'> & { readonly metrics: Metrics; readonly logger: Logger },
): BrainParts {
  const valkey = openValkey(config, { metrics, logger });
  const storage = openStorage(config, { metrics, logger, valkey });
  const { database, grants, archive, cron, taskStore, entries } = storage;
  return {
    surroundings: {
      grants,
      archive,
      cron,
      taskStore,
      entries,
      auditCopy: database && createPostgresAuditCopy(database),
      keptLog: openKeptLog(config, { ...log, logger, valkey }),
      webhooks: {
        store: storage.webhooks,
        isLasting: database !== undefined,
        metrics: createWebhookMetrics(metrics),
      },
      continuum: { ...storage.continuum, metrics: createContinuumMetrics(metrics) },
      rpcMetrics: createRpcMetrics(metrics),
      auditMetrics: createAuditMetrics(metrics),
      logMetrics: createLogMetrics(metrics),
      archiveMetrics: createArchiveMetrics(metrics),
      erasureMetrics: createErasureMetrics(metrics),
      cronMetrics: createCronMetrics(metrics),
      taskMetrics: createTaskMetrics(metrics),
      storeMetrics: createStoreMetrics(metrics),
      omegaStore: valkey && createValkeyOmegaStore(valkey.link),
      omegaMetrics: createOmegaMetrics(metrics),
    },
    storage,
    valkey,
    close: async () => {
      await storage.close();
      await valkey?.close();
    },
  };
}
