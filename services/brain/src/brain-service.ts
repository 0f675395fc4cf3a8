import type { Config } from '@arqonbus/config';
import { VERSION, openNatsSpine, untilAvailable } from '@arqonbus/runtime';
import type { Service, SpineParts } from '@arqonbus/runtime';
import { createAdminServer, createEventLoopLag, createMetrics } from '@arqonbus/telemetry';
import type { HealthReport, Logger, Metrics } from '@arqonbus/telemetry';
import type { Brain } from './brain.ts';
import { startBrain } from './start-brain.ts';

/**
 * Starts a Brain on NATS; the admin port answers at once, and is not ready before the Brain is (O-13). Its drain hands
 * the partitions over.
 */
export function startBrainService(config: Config, logger: Logger): Service {
  const metrics = createMetrics();
  const stopping = new AbortController();
  const { signal } = stopping;
  let brain: Brain | undefined;
  let spine: SpineParts['spine'] | undefined;
  createEventLoopLag(metrics);
  const admin = createAdminServer({
    metrics,
    health: () => healthOf(brain, spine),
    version: { name: 'arqonbus-brain', version: VERSION, protocol: '1.0', gitCommit: '', buildDate: '' },
  });
  const start = async (): Promise<{ readonly http_url: string }> => {
    const httpPort = await admin.listen(config.http.host, config.http.port);
    logger.info({ event: 'admin_listening', port: httpPort }, 'the admin port answers');
    const parts = await openNatsSpine(config, 'brain', logger, signal);
    spine = parts.spine;
    const onFailure = (error: unknown): void =>
      logger.warn({ event: 'waiting_for_buckets', err: error }, 'the Brain cannot start yet');
    brain = await untilAvailable(() => startBrain(config, { ...parts, logger }), { signal, onFailure });
    addBrainGauges(metrics, brain);
    return { http_url: `http://${config.http.host}:${httpPort}` };
  };
  const started = start();
  return {
    started,
    drain: async () => {
      stopping.abort();
      await started.catch(() => undefined);
      await brain?.close();
      await spine?.close();
      await admin.close();
    },
  };
}

function healthOf(brain: Brain | undefined, spine: SpineParts['spine'] | undefined): HealthReport {
  const isReady = brain?.isReady() ?? false;
  const checks = {
    spine: spine?.status() === 'connected' ? 'ok' : 'down',
    buckets: isReady ? 'ok' : 'down',
  } as const;
  return { ready: isReady, checks };
}

function addBrainGauges(metrics: Metrics, brain: Brain): void {
  metrics.gauge('arqonbus_brain_partitions', 'Partitions that this Brain serves.', () => brain.figures().partitions);
}
