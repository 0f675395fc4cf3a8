import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  jetstreamManager,
} from '@nats-io/jetstream';
import type { JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import type { LogProfile, TenantId } from '@arqonbus/protocol';
import type { NatsSpine } from '../../nats/nats-spine.ts';
import { shardIn, tenantShard } from '../../subjects/subjects.ts';

/** Into how many streams the tenants of a profile are spread; fixed when they are made. */
export const LOG_SHARDS = 1;

/** How long a stream remembers ids (LOG-5). */
export const ID_WINDOW_MS = 120_000;

const NANOS_PER_MS = 1_000_000;

/** The stream that keeps the channels of a profile and a shard of the tenants: `LOG_<profile>_<shard>` (LOG-2). */
export function streamName(profile: string, shard: number): string {
  // Names of profiles may hold dots, those of streams may not.
  return `LOG_${profile.replaceAll('.', '~')}_${shard}`;
}

/** The stream of a tenant's channels of this profile. */
export function streamOf(profile: string, tenant: TenantId): string {
  return streamName(profile, tenantShard(tenant, LOG_SHARDS));
}

/** How the streams of a bus are made. */
export interface LogStreamsOptions {
  /** Copies of each: 1 for a single server, 3 in a cluster. */
  readonly replicas: number;
  /** Bytes of one stream at most; a full one refuses what comes (LOG-2). */
  readonly maxBytes: number;
}

/**
 * Makes the streams of the profiles that keep anything, and brings those that exist up to date; what they hold stays.
 * Each republishes what it has stored, with its sequence, on the channel's `arqon.out` subject. Throws `UNAVAILABLE`.
 */
export async function provisionLogStreams(
  spine: NatsSpine,
  profiles: readonly LogProfile[],
  options: LogStreamsOptions,
): Promise<void> {
  const manager = await jetstreamManager(spine.connection, { checkAPI: false });
  try {
    await provisionAll(manager, profiles, options);
  } catch (cause) {
    throw new BusError('UNAVAILABLE', 'The streams of the log cannot be made.', { cause });
  }
}

async function provisionAll(
  manager: JetStreamManager,
  profiles: readonly LogProfile[],
  options: LogStreamsOptions,
): Promise<void> {
  for (const profile of profiles.filter(({ logClass }) => logClass !== 'live')) {
    for (let shard = 0; shard < LOG_SHARDS; shard++) await provision(manager, profile, shard, options);
  }
}

async function provision(
  manager: JetStreamManager,
  profile: LogProfile,
  shard: number,
  options: LogStreamsOptions,
): Promise<StreamInfo> {
  const config = streamConfig(profile, shard, options);
  try {
    return await manager.streams.update(config.name, config);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.StreamNotFound) throw error;
  }
  return manager.streams.add(config);
}

function streamConfig(
  { name, maxMessages, maxAgeMs }: LogProfile,
  shard: number,
  { replicas, maxBytes }: LogStreamsOptions,
): Partial<StreamConfig> & { readonly name: string } {
  const source = shardIn(name, shard);
  return {
    name: streamName(name, shard),
    subjects: [source],
    republish: { src: source, dest: 'arqon.out.>' },
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: maxMessages,
    max_age: maxAgeMs * NANOS_PER_MS,
    max_bytes: maxBytes,
    duplicate_window: Math.min(ID_WINDOW_MS, maxAgeMs) * NANOS_PER_MS,
    num_replicas: replicas,
    deny_delete: true,
  };
}
