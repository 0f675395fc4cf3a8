import { DiscardPolicy, RetentionPolicy, StorageType, jetstreamManager } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import { isStreamThere } from '../nats/missing-stream.ts';
import type { NatsSpine } from '../nats/nats-spine.ts';
import { allWork } from '../subjects/subjects.ts';
import { WORK_KINDS } from './work-queue.ts';
import type { WorkKind } from './work-queue.ts';

const NANOS_PER_MS = 1_000_000;
const ID_WINDOW_MS = 120_000;
/** Work that nobody has taken for three days is given up: there is no module any more that would. */
const MAX_AGE_MS = 259_200_000;

/** How the streams are made. */
export interface WorkStreamOptions {
  /** Copies: 1 for a single server, 3 in a cluster. */
  readonly replicas: number;
  /** Bytes of each stream; a full one refuses what comes. */
  readonly maxBytes: number;
}

/** The stream of a kind of work. */
export function workStream(kind: WorkKind): string {
  return `WORK_${kind.toUpperCase()}`;
}

/** Makes the streams that are missing; only Brains have the right to. Throws `UNAVAILABLE`. */
export async function provisionWorkStreams(spine: NatsSpine, { replicas, maxBytes }: WorkStreamOptions): Promise<void> {
  const manager = await jetstreamManager(spine.connection, { checkAPI: false });
  const provision = async (kind: WorkKind): Promise<void> => {
    const name = workStream(kind);
    if (await isStreamThere(() => manager.streams.info(name))) return;
    await manager.streams.add({
      name,
      subjects: [allWork(kind)],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
      discard: DiscardPolicy.New,
      max_bytes: maxBytes,
      max_age: MAX_AGE_MS * NANOS_PER_MS,
      duplicate_window: ID_WINDOW_MS * NANOS_PER_MS,
      num_replicas: replicas,
    });
  };
  try {
    for (const kind of WORK_KINDS) await provision(kind);
  } catch (cause) {
    throw new BusError('UNAVAILABLE', 'The streams of work cannot be made.', { cause });
  }
}
