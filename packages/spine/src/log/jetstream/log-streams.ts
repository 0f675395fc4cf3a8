import { DiscardPolicy, RetentionPolicy, StorageType, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamManager, Placement, StreamConfig, StreamState as StreamStateOfServer } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import type { LogClass } from '@arqonbus/protocol';
import { isStreamMissing } from '../../nats/missing-stream.ts';
import type { NatsSpine } from '../../nats/nats-spine.ts';
import { shardIn } from '../../subjects/subjects.ts';
import { streamsOf } from '../placement/log-layout.ts';
import type { LogLayout, LogStreamPlace } from '../placement/log-layout.ts';
import { hasBatches } from './batch-reader.ts';
import { durableRefusal } from './durable-floor.ts';

/** How long a stream remembers ids (LOG-5). */
export const ID_WINDOW_MS = 120_000;

const NANOS_PER_MS = 1_000_000;

/** How the streams of a bus are made. */
export interface LogStreamsOptions {
  /** Copies of each: 1 for a single server, 3 in a cluster. */
  readonly replicas: number;
  /** Bytes of one stream at most; a full one refuses what comes (LOG-2). */
  readonly maxBytes: number;
  /** Tags of the servers that may keep streams of class `durable`: those that fsync every write. Default: any server. */
  readonly durableTags?: readonly string[];
  /** Takes `durable` channels on any server, as a test does. Default false: see {@link LogStreams.refusal}. */
  readonly isDurableAnywhere?: boolean;
}

/** What of a stream tells whether it is still the one that it was. */
export interface StreamState {
  /** As the server tells it. */
  readonly created: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly messages: number;
  /** Times of its first and its last message; 0 = there was none. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** A stream as its leader tells of it. */
export interface FoundStream extends StreamState {
  /** Copies of it, on as many servers. */
  readonly copies: number;
  /** Bytes of its copy that the leader found damaged when it started; another server may have given it them again. */
  readonly damagedBytes: number;
}

/** The streams of the log, as a Brain looks after them. */
export interface LogStreams {
  /**
   * Makes the streams of a layout, and brings those that exist up to date; what they hold stays. Each republishes what it
   * has stored, with its sequence, on the channel's `arqon.out` subject. Throws `UNAVAILABLE`.
   */
  provision(layout: LogLayout): Promise<void>;
  /** Why these servers cannot keep what a layout promises; undefined = they can. */
  refusal(layout: LogLayout): string | undefined;
  /** Undefined where there is no such stream. Throws `UNAVAILABLE`. */
  state(stream: string): Promise<FoundStream | undefined>;
}

/** The streams on this connection. */
export async function createLogStreams(spine: NatsSpine, options: LogStreamsOptions): Promise<LogStreams> {
  const manager = await jetstreamManager(spine.connection, { checkAPI: false });
  return {
    provision: async (layout) => {
      try {
        const isDirect = hasBatches(spine.connection.info?.version ?? '');
        for (const place of streamsOf(layout)) await provision(manager, streamConfig(place, options, isDirect));
      } catch (cause) {
        throw new BusError('UNAVAILABLE', 'The streams of the log cannot be made.', { cause });
      }
    },
    refusal: (layout) => {
      if (options.isDurableAnywhere === true) return undefined;
      return durableRefusal(layout, spine.connection.info?.version ?? '');
    },
    state: async (stream) => {
      try {
        const { created, state, config } = await manager.streams.info(stream);
        const { first_seq: firstSeq, last_seq: lastSeq, messages, first_ts: firstAt, last_ts: lastAt } = state;
        const [firstAtMs, lastAtMs] = [msOf(firstAt), msOf(lastAt)];
        const damagedBytes = (state as Partial<StreamStateOfServer>).lost?.bytes ?? 0;
        const copies = config.num_replicas;
        return { created, firstSeq, lastSeq, messages, firstAtMs, lastAtMs, copies, damagedBytes };
      } catch (cause) {
        if (isStreamMissing(cause)) return undefined;
        throw new BusError('UNAVAILABLE', 'A stream of the log cannot be looked at.', { cause });
      }
    },
  };
}

/** The log of one process has no streams to look after. */
export const noLogStreams: LogStreams = {
  provision: () => Promise.resolve(),
  refusal: () => undefined,
  state: () => Promise.resolve(undefined),
};

/** Makes the streams of a layout once; see {@link LogStreams}. */
export async function provisionLogStreams(
  spine: NatsSpine,
  layout: LogLayout,
  options: LogStreamsOptions,
): Promise<void> {
  await (await createLogStreams(spine, options)).provision(layout);
}

/** The server writes the year 1 for "never". */
function msOf(time: string): number {
  return Math.max(0, Date.parse(time) || 0);
}

async function provision(manager: JetStreamManager, config: NamedConfig): Promise<void> {
  try {
    const { config: found } = await manager.streams.info(config.name);
    // Written only where they differ: NATS 2.9 loses a stream where it is killed in the middle of that (20 times in 60), and
    // tells another time of creation after its next start, which is another epoch.
    // A stream that was made to keep everything stays so: no server takes that back.
    const wanted = found.deny_delete ? { ...config, deny_delete: true } : config;
    if (!isMatch(found, wanted)) await manager.streams.update(config.name, wanted);
  } catch (error) {
    if (!isStreamMissing(error)) throw error;
    await manager.streams.add(config);
  }
}

type NamedConfig = Partial<StreamConfig> & { readonly name: string };

/** Whether `found` says all that `wanted` does; a server adds what it takes for granted. */
function isMatch(found: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return found === wanted;
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(wanted).every(([key, value]) => isMatch((found as Record<string, unknown>)[key], value));
}

function streamConfig(
  { stream, profile: { name, maxMessages, maxAgeMs, logClass }, shard }: LogStreamPlace,
  { replicas, maxBytes, durableTags = [] }: LogStreamsOptions,
  isDirect: boolean,
): NamedConfig {
  const source = shardIn(name, shard);
  return {
    name: stream,
    subjects: [source],
    republish: { src: source, dest: 'arqon.out.>' },
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: keptOf(maxMessages, logClass),
    max_age: maxAgeMs * NANOS_PER_MS,
    max_bytes: maxBytes,
    duplicate_window: Math.min(ID_WINDOW_MS, maxAgeMs) * NANOS_PER_MS,
    num_replicas: replicas,
    // Erasing takes single messages out (LOG-15); no service but the Brain has the right to.
    deny_delete: false,
    // Said only where it is of use: a setting that is written to a stream of NATS 2.9 may cost it (see provision).
    ...(isDirect ? { allow_direct: true } : {}),
    ...(logClass === 'durable' && durableTags.length > 0 ? { placement: placementOn(durableTags) } : {}),
  };
}

/** On servers that have all of these tags, in whichever cluster; the types of the client ask for one. */
function placementOn(tags: readonly string[]): Placement {
  const placement: Pick<Placement, 'tags'> = { tags: [...tags] };
  return placement as Placement;
}

/**
 * Messages that a stream keeps of a channel: one more than the profile promises. It is never shown, and proves that nothing
 * is missing before the oldest one that is (LOG-9).
 */
export function keptOf(maxMessages: number, logClass: LogClass): number {
  return logClass === 'state' ? 1 : maxMessages + 1;
}
