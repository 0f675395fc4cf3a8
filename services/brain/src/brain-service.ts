import type { Config } from '@arqonbus/config';
import { openNatsSpine, startNatsService, untilAvailable } from '@arqonbus/runtime';
import type { Service } from '@arqonbus/runtime';
import type { Spine } from '@arqonbus/spine';
import type { CheckState, HealthReport, RootLogger } from '@arqonbus/telemetry';
import { addBrainGauges } from './brain-metrics.ts';
import type { Brain } from './brain.ts';
import { openBrainParts } from './open-brain-parts.ts';
import type { BrainParts } from './open-brain-parts.ts';
import { startBrain } from './start-brain.ts';

/** Starts a Brain on NATS; not ready before it has its share of the partitions. Its drain hands them over. */
export function startBrainService(config: Config, logger: RootLogger): Service {
  let brain: Brain | undefined;
  let own: BrainParts | undefined;
  const onFailure = (error: unknown): void =>
    logger.warn({ event: 'waiting_for_buckets', err: error }, 'the Brain cannot start yet');
  return startNatsService({
    name: 'brain',
    config,
    logger,
    servesSettings: false,
    open: openNatsSpine,
    health: (spine) => healthOf({ brain, spine, own }),
    start: async ({ live, metrics, signal, httpPort, ...parts }) => {
      own = openBrainParts(config, { ...parts, metrics, logger });
      const all = { ...parts, ...own.surroundings };
      brain = await untilAvailable(() => startBrain(live.config, all), { signal, onFailure });
      addBrainGauges(metrics, brain);
      return { http_url: `http://${config.http.host}:${httpPort}` };
    },
    stop: async () => {
      await brain?.close();
      await own?.close();
    },
  });
}

interface WatchedParts {
  readonly brain: Brain | undefined;
  readonly spine: Spine | undefined;
  readonly own: BrainParts | undefined;
}

/** Without Postgres or Valkey it is ready all the same: only what lies there is refused (ARC-5). */
function healthOf({ brain, spine, own }: WatchedParts): HealthReport {
  const isReady = brain?.isReady() ?? false;
  const check = (isWell: boolean): CheckState => (isWell ? 'ok' : 'down');
  const { database } = own?.storage ?? {};
  const checks = {
    spine: check(spine?.status() === 'connected'),
    buckets: check(isReady),
    ...(database === undefined ? {} : { postgres: check(database.status() === 'ok') }),
    ...(own?.valkey === undefined ? {} : { valkey: check(own.valkey.isUsable()) }),
  };
  return { ready: isReady, checks };
}
