import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Config } from '@arqonbus/config';
import { BusError, systemClock } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import {
  LogPlaces,
  createJetStreamAuditTrail,
  createJetStreamEpisodeStream,
  createJetStreamWorkQueues,
  createLocalSpine,
  createMemoryAuditTrail,
  createMemoryChannelLog,
  createMemoryEpisodeStream,
  createMemoryKeyValueStore,
  createMemoryWorkQueue,
  createNatsKeyValueStore,
  createNatsSpine,
  createRemoteChannelLog,
  durableRefusal,
  followErasures,
  followLayouts,
  noLogEraser,
  noLogFeed,
  noLogStreams,
  provisionAuditStream,
  provisionEpisodeStream,
  provisionWorkStreams,
} from '@arqonbus/spine';
import type {
  AuditTrail,
  BucketName,
  ChannelLog,
  EpisodeStream,
  LogChange,
  LogEraser,
  KeyValueStore,
  LocalSpine,
  LogFeed,
  LogStreams,
  NatsSpine,
  OpenWorkQueue,
  ProfileOf,
  Spine,
  SpineMessage,
  WorkKind,
  WorkQueue,
} from '@arqonbus/spine';
import type { Logger } from '@arqonbus/telemetry';
import { layoutOf, logUnusable, openNatsLog } from './open-nats-log.ts';
import { untilAvailable } from './until-available.ts';

/** What services meet on: the Spine, its buckets, and the log of its channels. */
export interface SpineParts {
  readonly spine: Spine;
  readonly keyValue: KeyValueStore;
  readonly log: ChannelLog;
  readonly profileOf: ProfileOf;
  /** Opens the audit trail, and makes it where it is missing; Brains alone have the right to (AUD-3). */
  readonly openAuditTrail: () => Promise<AuditTrail>;
  /** Work that is done beside, and whose streams Brains make. */
  readonly openWork: OpenWorkQueue;
  /** Events of episodes on their way to the projector (CTM-1). */
  readonly episodes: EpisodeStream;
  /** Brings a message to its subscribers that has a position already. Throws `UNAVAILABLE`. */
  readonly deliver: (message: SpineMessage) => void;
  /** The log of all archived channels as a whole (LOG-15). */
  readonly feed: LogFeed;
  /** Takes publications out of the log (LOG-15); Brains alone have the right to. */
  readonly logEraser: LogEraser;
  /** Told of a tenant after each erasure: what was read of its logs before may hold what is gone. */
  readonly onErased: (listener: (tenant: TenantId) => void) => void;
  /** The streams of the log, as a Brain looks after them. */
  readonly streams: LogStreams;
  /** Told whenever channels may have another epoch: by another layout, or since a stream is not the one that it was. */
  readonly onLogChange: (listener: (change: LogChange) => void) => void;
  /** Bytes that have been published and that the Spine has not confirmed. */
  readonly unflushedBytes: () => number;
}

/** Which service opens it; it names the connection, its inbox and who makes missing buckets (SPN-2). */
export type ServiceName = 'shield' | 'brain' | 'bridge';

/** All that a Shield reads; to every other one its NATS user has no right (SPN-2). */
export const SHIELD_BUCKETS: readonly BucketName[] = [
  'ARQON_CHANNELS',
  'ARQON_BANS',
  'ARQON_GRANTS',
  'ARQON_SETTINGS',
  'ARQON_CASIL',
  'ARQON_MIRRORS',
  'ARQON_SCHEMAS',
  'ARQON_POLICIES',
  'ARQON_WEBHOOKS',
  'ARQON_LOG',
];

/** All that a Bridge reads. */
const BRIDGE_BUCKETS: readonly BucketName[] = ['ARQON_SETTINGS', 'ARQON_KEYS'];

/** What a frame grows by on its way through NATS: envelope fields, subject and headers. */
const ENVELOPE_BYTES = 65_536;

/** Opens the Spine inside this process, where nobody else is to be met. */
export function openLocalSpine(config: Config, logger: Logger): SpineParts {
  const spine = createLocalSpine({
    onError: (error, subject) =>
      logger.error({ event: 'spine_handler_failed', subject, err: error }, 'a handler failed'),
  });
  const places = new LogPlaces(layoutOf(config));
  const keyValue = createMemoryKeyValueStore();
  followLayouts(keyValue.bucket('ARQON_LOG'), places, (error) => logUnusable(logger, error));
  const auditTrail = createMemoryAuditTrail(config.audit);
  return {
    spine,
    keyValue,
    ...openLocalLog(spine, config, places),
    profileOf: places.profileOf,
    streams: noLogStreams,
    onErased: followErasures(keyValue.bucket('ARQON_LOG')).onErased,
    onLogChange: (listener) => void places.onChange(() => listener({ kind: 'layout' })),
    openAuditTrail: async () => auditTrail,
    openWork: openLocalWork(config),
    episodes: createMemoryEpisodeStream({ ...episodeBounds(config), now: () => systemClock.now() }),
    deliver: (message) => spine.deliver(message),
    unflushedBytes: () => 0,
  };
}

const MS_PER_HOUR = 3_600_000;

function episodeBounds({ continuum }: Config): { readonly maxBytes: number; readonly maxAgeMs: number } {
  return { maxBytes: continuum.streamMaxBytes, maxAgeMs: continuum.retentionHours * MS_PER_HOUR };
}

function openLocalWork({ work }: Config): OpenWorkQueue {
  const queues = new Map<WorkKind, WorkQueue>();
  return (kind) => {
    const queue = queues.get(kind) ?? createMemoryWorkQueue(work);
    queues.set(kind, queue);
    return queue;
  };
}

function openLocalLog(
  spine: LocalSpine,
  { log }: Config,
  places: LogPlaces,
): Pick<SpineParts, 'log' | 'feed' | 'logEraser'> {
  const { profileOf, generationOf } = places;
  if (log.backend === 'valkey') {
    return { log: createRemoteChannelLog({ spine, profileOf, generationOf }), feed: noLogFeed, logEraser: noLogEraser };
  }
  const memory = createMemoryChannelLog({
    spine,
    profileOf,
    generationOf,
    now: () => systemClock.now(),
    random: (bytes) => void randomFillSync(bytes),
    maxBytes: log.memoryMaxBytes,
  });
  return { log: memory, feed: memory.feed, logEraser: memory.eraser };
}

/** What every service has of the Spine. */
export type MeetingParts = Pick<SpineParts, 'spine' | 'keyValue' | 'unflushedBytes'>;

/** How long a service waits for NATS, and how it tells. */
interface Wait {
  readonly signal: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Opens the Spine on NATS, without the log, for a service that neither keeps nor reads it. Waits for the servers, and for the
 * buckets that the Brain makes, as long as it takes, and logs why; `signal` ends the waiting. Throws where the servers take
 * smaller messages than clients may send (PRT-28).
 */
export async function openNatsMeeting(
  config: Config,
  service: ServiceName,
  logger: Logger,
  signal: AbortSignal,
): Promise<MeetingParts> {
  const { spine, keyValue } = await meet(config, service, logger, waitFor(logger, signal));
  return { spine, keyValue, unflushedBytes: () => spine.unflushedBytes };
}

/**
 * Opens the Spine on NATS as {@link openNatsMeeting} does, with the log on JetStream: the Brain makes its streams; Shields
 * append to them and read them (LOG-2).
 */
export async function openNatsSpine(
  config: Config,
  service: ServiceName,
  logger: Logger,
  signal: AbortSignal,
): Promise<SpineParts> {
  const { nats } = config;
  const wait = waitFor(logger, signal);
  const { spine, keyValue } = await meet(config, service, logger, wait);
  const log = await openNatsLog({ spine, keyValue, config, service, logger }, wait);
  const openAuditTrail = async (): Promise<AuditTrail> => {
    await provisionAuditStream(spine, { replicas: nats.replicas, maxBytes: config.audit.maxBytes });
    return createJetStreamAuditTrail(spine);
  };
  if (service === 'brain') {
    const { maxBytes } = config.work;
    await untilAvailable(() => provisionWorkStreams(spine, { replicas: nats.replicas, maxBytes }), wait);
    const bounds = { replicas: nats.replicas, ...episodeBounds(config) };
    await untilAvailable(() => provisionEpisodeStream(spine, bounds), wait);
  }
  const openWork = await createJetStreamWorkQueues(spine);
  const episodes = await createJetStreamEpisodeStream(spine);
  const deliver = (message: SpineMessage): void => spine.deliver(message);
  return {
    spine,
    keyValue,
    ...log,
    openAuditTrail,
    openWork,
    episodes,
    deliver,
    unflushedBytes: () => spine.unflushedBytes,
  };
}

function waitFor(logger: Logger, signal: AbortSignal): Wait {
  return { signal, onFailure: (error) => logWaiting(logger, error) };
}

async function meet(
  config: Config,
  service: ServiceName,
  logger: Logger,
  wait: Wait,
): Promise<{ readonly spine: NatsSpine; readonly keyValue: KeyValueStore }> {
  const { nats } = config;
  const spine = await untilAvailable(() => connect(nats, service, logger), wait);
  await checkServers(spine, config);
  const keyValueOptions = {
    ...(service === 'brain' ? { create: { replicas: nats.replicas } } : { buckets: bucketsOf(service) }),
    onError: (error: unknown) => logger.error({ event: 'bucket_failed', err: error }, 'a bucket could not be followed'),
  };
  return { spine, keyValue: await untilAvailable(() => createNatsKeyValueStore(spine, keyValueOptions), wait) };
}

function bucketsOf(service: 'shield' | 'bridge'): readonly BucketName[] {
  return service === 'shield' ? SHIELD_BUCKETS : BRIDGE_BUCKETS;
}

/** Connects to NATS as the service would, once, and closes again. Throws a `BusError` for which it could not start. */
export async function tryNatsSpine(config: Config, service: ServiceName, logger: Logger): Promise<void> {
  const spine = await connect(config.nats, service, logger);
  await checkServers(spine, config);
  await spine.close();
}

function connect(nats: Config['nats'], service: ServiceName, logger: Logger): Promise<NatsSpine> {
  return createNatsSpine({
    servers: nats.url,
    name: `arqonbus-${service}`,
    inboxPrefix: `_INBOX_${service}`,
    pingIntervalMs: nats.pingIntervalMs,
    ...(nats.user === '' ? {} : { user: nats.user, password: nats.password }),
    ...(nats.caFile === '' ? {} : { tls: { ca: readFileSync(nats.caFile, 'utf8') } }),
    onError: (error, subject) =>
      logger.error({ event: 'spine_failed', subject, err: error }, 'the Spine reports a fault'),
  });
}

/** Throws, with the Spine closed, where these servers cannot be what the configuration makes of them. */
async function checkServers(spine: NatsSpine, config: Config): Promise<void> {
  const error = payloadError(spine, config.limits.maxFrameBytes) ?? durableError(spine, config);
  if (error === undefined) return;
  await spine.close();
  throw error;
}

function payloadError({ maxPayloadBytes }: NatsSpine, maxFrameBytes: number): BusError | undefined {
  const needed = maxFrameBytes + ENVELOPE_BYTES;
  if (maxPayloadBytes >= needed) return undefined;
  const text = `NATS takes messages of ${maxPayloadBytes} bytes (max_payload); ${needed} are needed.`;
  return new BusError('UNAVAILABLE', text);
}

function durableError({ connection }: NatsSpine, config: Config): BusError | undefined {
  if (config.log.backend === 'valkey' || config.log.durableOnAnyNats) return undefined;
  const refusal = durableRefusal(layoutOf(config), connection.info?.version ?? '');
  if (refusal === undefined) return undefined;
  return new BusError('FEATURE_DISABLED', `${refusal} Update NATS, or give these channels another profile.`);
}

function logWaiting(logger: Logger, error: unknown): void {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  logger.warn({ event: 'waiting_for_spine', err: cause }, 'the Spine cannot be used yet');
}
