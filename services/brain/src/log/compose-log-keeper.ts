import { SHIPPED_PROFILES } from '@arqonbus/protocol';
import type { Clock } from '@arqonbus/protocol';
import { createLogLayout, noLogStreams } from '@arqonbus/spine';
import type { KeyValueStore } from '@arqonbus/spine';
import { LogKeeper } from './log-keeper.ts';
import type { KeptStreams, LogKeeperOptions } from './log-keeper.ts';
import type { LogMetrics } from './log-metrics.ts';

/** What the keeper is composed of. */
export interface LogKeeperParts extends Pick<LogKeeperOptions, 'logger'> {
  readonly keptStreams?: KeptStreams;
  readonly logMetrics?: LogMetrics;
  readonly keyValue: KeyValueStore;
  readonly clock: Clock;
}

const NO_LOG: KeptStreams = { streams: noLogStreams, layout: () => createLogLayout(SHIPPED_PROFILES) };

/** A keeper of the log that is not the one yet. */
export function composeLogKeeper(
  { keptStreams = NO_LOG, logMetrics: metrics, keyValue, clock, logger }: LogKeeperParts,
  nextGeneration: () => string,
): LogKeeper {
  const bucket = keyValue.bucket('ARQON_LOG');
  return new LogKeeper({ ...keptStreams, bucket, nowMs: () => clock.now(), nextGeneration, metrics, logger });
}
