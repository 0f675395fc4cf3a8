import type { Config } from '@arqonbus/config';
import { BusError } from '@arqonbus/protocol';
import {
  BRAIN_TIMEOUT_MS,
  LogPlaces,
  callBrain,
  createJetStreamChannelLog,
  createLogLayout,
  createJetStreamLogEraser,
  createJetStreamLogFeed,
  createLogStreams,
  createRemoteChannelLog,
  deadlineIn,
  followErasures,
  followGenerations,
  followLayouts,
  noLogEraser,
  noLogFeed,
  noLogStreams,
} from '@arqonbus/spine';
import type { KeyValueStore, LogLayout, NatsSpine } from '@arqonbus/spine';
import type { Logger } from '@arqonbus/telemetry';
import type { ServiceName, SpineParts } from './open-spine.ts';
import { untilAvailable } from './until-available.ts';
import type { WaitForOptions } from './until-available.ts';

/** What opening the log on NATS needs. */
export interface NatsLogOptions {
  readonly spine: NatsSpine;
  readonly keyValue: KeyValueStore;
  readonly config: Config;
  readonly service: ServiceName;
  readonly logger: Logger;
}

/** The layout of the log that a configuration asks for. */
export function layoutOf({ log, tenants }: Pick<Config, 'log' | 'tenants'>): LogLayout {
  return createLogLayout(log.profiles, log.rules, { ...log, ...tenants });
}

/**
 * Opens the log on NATS. A Brain looks after its layout and its streams (LOG-2); a Shield waits until one has, and follows
 * it from then on, whatever its own configuration says.
 */
export async function openNatsLog(
  { spine, keyValue, config, service, logger }: NatsLogOptions,
  wait: WaitForOptions,
): Promise<Pick<SpineParts, 'log' | 'feed' | 'logEraser' | 'profileOf' | 'streams' | 'onErased' | 'onLogChange'>> {
  const bucket = keyValue.bucket('ARQON_LOG');
  const places = new LogPlaces(layoutOf(config));
  const layouts = followLayouts(bucket, places, (error) => logUnusable(logger, error));
  const generations = followGenerations(bucket);
  const erasures = followErasures(bucket);
  const { onErased } = erasures;
  if (service === 'shield') {
    await untilAvailable(async () => {
      if (!layouts.isKnown()) throw new BusError('UNAVAILABLE', 'No Brain has laid out the log yet.');
    }, wait);
    await generations.ready;
  }
  const { profileOf, generationOf } = places;
  // Kept by the Brain, who serves it to all.
  if (config.log.backend === 'valkey') {
    const log = createRemoteChannelLog({ spine, profileOf, generationOf });
    return {
      log,
      feed: noLogFeed,
      logEraser: noLogEraser,
      profileOf,
      onErased,
      streams: noLogStreams,
      onLogChange: (listener) => void places.onChange(() => listener({ kind: 'layout' })),
    };
  }
  const log = await createJetStreamChannelLog(spine, {
    places,
    generations,
    erasures,
    idKey: new TextEncoder().encode(config.log.idKey),
    otherIdKey: config.log.otherIdKey === '' ? undefined : new TextEncoder().encode(config.log.otherIdKey),
    onRegressed: createReport(spine, logger),
  });
  const { streamMaxBytes: maxBytes, durableTags, durableOnAnyNats: isDurableAnywhere } = config.log;
  const { replicas } = config.nats;
  const streams = await createLogStreams(spine, { replicas, maxBytes, durableTags, isDurableAnywhere });
  const onLogChange: SpineParts['onLogChange'] = (listener) => {
    places.onChange(() => listener({ kind: 'layout' }));
    generations.onChange((stream) => listener({ kind: 'generation', stream }));
  };
  const feed = await createJetStreamLogFeed(spine, { places, generations });
  const logEraser = await createJetStreamLogEraser(spine, { places });
  return { log, feed, logEraser, profileOf, streams, onErased, onLogChange };
}

/** Says why a layout of the log is not taken over. */
export function logUnusable(logger: Logger, error: unknown): void {
  logger.error({ event: 'log_layout_ignored', err: error }, 'a layout of the log cannot be used');
}

/** Asked of a stream that is behind with every publication; a Brain is told no more often than this. */
const REPORT_PAUSE_MS = 1_000;

/** Asks a Brain to look at a stream that may have lost something, once at a time. */
function createReport(spine: NatsSpine, logger: Logger): (stream: string, generation: string, lastSeq: number) => void {
  const running = new Set<string>();
  return (stream, generation, lastSeq) => {
    if (running.has(stream)) return;
    running.add(stream);
    logger.error(
      { event: 'log_regressed', stream, last_seq: lastSeq },
      'a stream of the log tells of less than it had',
    );
    const request = { stream, generation, lastSeq: BigInt(lastSeq) };
    callBrain(spine, 'log.regressed', request, deadlineIn(BRAIN_TIMEOUT_MS))
      .catch((error: unknown) => logger.warn({ event: 'log_regress_not_told', err: error }, 'no Brain was told'))
      .finally(() => void setTimeout(() => running.delete(stream), REPORT_PAUSE_MS).unref());
  };
}
