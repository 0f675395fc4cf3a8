import { checkChange } from '@arqonbus/config';
import type { Config } from '@arqonbus/config';
import { systemClock } from '@arqonbus/protocol';
import { layoutOf } from '@arqonbus/runtime';
import type { AuditTrail, EpisodeStream, KeyValueStore, LogStreams, OpenWorkQueue, Spine } from '@arqonbus/spine';
import type { Logger } from '@arqonbus/telemetry';
import { createBrain } from './brain.ts';
import type { Brain, BrainOptions } from './brain.ts';
import type { ContinuumOptions } from './continuum/continuum-parts.ts';
import type { WebhookOptions } from './webhooks/compose-webhooks.ts';
import { createLayoutCheck } from './log/check-layout.ts';

/** What a Brain needs beyond the configuration. */
export interface BrainSurroundings extends Pick<
  BrainOptions,
  | 'settleMs'
  | 'handoverMs'
  | 'rpcMetrics'
  | 'auditMetrics'
  | 'auditCopy'
  | 'tracing'
  | 'fillRandom'
  | 'keptLog'
  | 'grants'
  | 'entries'
  | 'storeMetrics'
  | 'omegaStore'
  | 'omegaMetrics'
  | 'archive'
  | 'archiveMetrics'
  | 'logMetrics'
  | 'cron'
  | 'cronMetrics'
  | 'feed'
  | 'taskStore'
  | 'taskMetrics'
  | 'logEraser'
  | 'erasureMetrics'
> {
  readonly spine: Spine;
  readonly keyValue: KeyValueStore;
  /** Where webhooks are kept, whether that outlives the process, and how they are counted; absent = others do all of it. */
  readonly webhooks?: Pick<WebhookOptions, 'store' | 'isLasting' | 'metrics'>;
  readonly openWork: OpenWorkQueue;
  /** Where episodes are kept, and how they are counted; absent = others project them. */
  readonly continuum?: Pick<ContinuumOptions, 'store' | 'letters' | 'metrics'>;
  readonly episodes: EpisodeStream;
  /** The streams of the log. */
  readonly streams: LogStreams;
  /** Makes the trail where it is missing. */
  readonly openAuditTrail: () => Promise<AuditTrail>;
  readonly logger: Logger;
}

/** Starts a Brain as the configuration says. Throws `UNAVAILABLE` where buckets or audit trail cannot be used. */
export async function startBrain(
  {
    bootstrap,
    limits,
    presence,
    casil,
    log,
    tenants,
    archive,
    access,
    tasks,
    work,
    omega,
    continuum: projector,
    webhooks: settings,
  }: Config,
  parts: BrainSurroundings,
): Promise<Brain> {
  const { openAuditTrail, openWork, webhooks, continuum, episodes, ...rest } = parts;
  const checkLayout = createLayoutCheck(parts.streams, { log, tenants });
  return createBrain({
    ...rest,
    auditTrail: await openAuditTrail(),
    clock: systemClock,
    bootstrapRooms: Object.entries(bootstrap.rooms).map(([room, channels]) => ({ room, channels })),
    limits,
    casil,
    webhooks: webhooks && { ...webhooks, openWork, settings, access, work },
    continuum: continuum && { ...continuum, stream: episodes, settings: projector },
    omega,
    maxListed: presence.maxListed,
    taskSettings: tasks,
    archiveDays: () => archive.retentionDays,
    // Read each time: these settings change at run time.
    checkSetting: (key, value) => checkChange({ log }, key, value) ?? checkLayout(key, value),
    keptStreams: { streams: parts.streams, layout: () => layoutOf({ log, tenants }) },
  });
}
