import { DiscardPolicy, RetentionPolicy, StorageType, jetstreamManager } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import { isStreamThere } from '../nats/missing-stream.ts';
import type { NatsSpine } from '../nats/nats-spine.ts';
import { ALL_DEAD_EPISODES, ALL_EPISODES } from '../subjects/subjects.ts';

/** The stream of the events of all tenants, and of what is told of those that could not be projected. */
export const EPISODE_STREAM = 'CONTINUUM';

const NANOS_PER_MS = 1_000_000;
const ID_WINDOW_MS = 120_000;

/** How the stream is made. */
export interface EpisodeStreamOptions {
  /** Copies: 1 for a single server, 3 in a cluster. */
  readonly replicas: number;
  /** Bytes at most; of a full one the oldest events go. */
  readonly maxBytes: number;
  /** How long events are kept. */
  readonly maxAgeMs: number;
}

/** Makes the stream where it is missing; only Brains have the right to. Throws `UNAVAILABLE`. */
export async function provisionEpisodeStream(
  spine: NatsSpine,
  { replicas, maxBytes, maxAgeMs }: EpisodeStreamOptions,
): Promise<void> {
  const manager = await jetstreamManager(spine.connection, { checkAPI: false });
  try {
    if (await isStreamThere(() => manager.streams.info(EPISODE_STREAM))) return;
    await manager.streams.add({
      name: EPISODE_STREAM,
      subjects: [ALL_EPISODES, ALL_DEAD_EPISODES],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      max_bytes: maxBytes,
      max_age: maxAgeMs * NANOS_PER_MS,
      duplicate_window: Math.min(ID_WINDOW_MS, maxAgeMs) * NANOS_PER_MS,
      num_replicas: replicas,
    });
  } catch (cause) {
    throw new BusError('UNAVAILABLE', 'The stream of episodes cannot be made.', { cause });
  }
}
