import type { Config } from '@arqonbus/config';
import { startNatsService, untilAvailable } from '@arqonbus/runtime';
import type { Service } from '@arqonbus/runtime';
import type { Spine } from '@arqonbus/spine';
import type { HealthReport, RootLogger } from '@arqonbus/telemetry';
import { addBrainGauges, createRpcMetrics } from './brain-metrics.ts';
import type { Brain } from './brain.ts';
import { startBrain } from './start-brain.ts';

/** Starts a Brain on NATS; not ready before it has its share of the partitions. Its drain hands them over. */
export function startBrainService(config: Config, logger: RootLogger): Service {
  let brain: Brain | undefined;
  const onFailure = (error: unknown): void =>
    logger.warn({ event: 'waiting_for_buckets', err: error }, 'the Brain cannot start yet');
  return startNatsService({
    name: 'brain',
    config,
    logger,
    servesSettings: false,
    health: (spine) => healthOf(brain, spine),
    start: async ({ live, metrics, signal, httpPort, ...parts }) => {
      const rpcMetrics = createRpcMetrics(metrics);
      brain = await untilAvailable(() => startBrain(live.config, { ...parts, rpcMetrics }), { signal, onFailure });
      addBrainGauges(metrics, brain);
      return { http_url: `http://${config.http.host}:${httpPort}` };
    },
    stop: async () => brain?.close(),
  });
}

function healthOf(brain: Brain | undefined, spine: Spine | undefined): HealthReport {
  const isReady = brain?.isReady() ?? false;
  const checks = {
    spine: spine?.status() === 'connected' ? 'ok' : 'down',
    buckets: isReady ? 'ok' : 'down',
  } as const;
  return { ready: isReady, checks };
}
