import type { Config } from '@arqonbus/config';
import { startNatsService, untilAvailable } from '@arqonbus/runtime';
import type { Service } from '@arqonbus/runtime';
import type { Spine } from '@arqonbus/spine';
import type { HealthReport, RootLogger } from '@arqonbus/telemetry';
import { createAuditMetrics } from './audit/audit-metrics.ts';
import { addBrainGauges, createRpcMetrics } from './brain-metrics.ts';
import type { Brain } from './brain.ts';
import { openStorage } from './storage/open-storage.ts';
import type { Storage } from './storage/open-storage.ts';
import { startBrain } from './start-brain.ts';

/** Starts a Brain on NATS; not ready before it has its share of the partitions. Its drain hands them over. */
export function startBrainService(config: Config, logger: RootLogger): Service {
  let brain: Brain | undefined;
  let storage: Storage | undefined;
  const onFailure = (error: unknown): void =>
    logger.warn({ event: 'waiting_for_buckets', err: error }, 'the Brain cannot start yet');
  return startNatsService({
    name: 'brain',
    config,
    logger,
    servesSettings: false,
    health: (spine) => healthOf(brain, spine, storage),
    start: async ({ live, metrics, signal, httpPort, ...parts }) => {
      const rpcMetrics = createRpcMetrics(metrics);
      storage = openStorage(config, { metrics, logger });
      const auditMetrics = createAuditMetrics(metrics);
      const start = (): Promise<Brain> => startBrain(live.config, { ...parts, rpcMetrics, auditMetrics });
      brain = await untilAvailable(start, { signal, onFailure });
      addBrainGauges(metrics, brain);
      return { http_url: `http://${config.http.host}:${httpPort}` };
    },
    stop: async () => {
      await brain?.close();
      await storage?.close();
    },
  });
}

/** Without Postgres it is ready all the same: only changes of what lies there are refused (ARC-5). */
function healthOf(brain: Brain | undefined, spine: Spine | undefined, storage: Storage | undefined): HealthReport {
  const isReady = brain?.isReady() ?? false;
  const checks = {
    spine: spine?.status() === 'connected' ? 'ok' : 'down',
    buckets: isReady ? 'ok' : 'down',
  } as const;
  const database = storage?.database;
  const postgres = database === undefined ? {} : ({ postgres: database.status() === 'ok' ? 'ok' : 'down' } as const);
  return { ready: isReady, checks: { ...checks, ...postgres } };
}
