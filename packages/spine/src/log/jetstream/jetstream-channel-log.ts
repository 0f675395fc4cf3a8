import { createHash } from 'node:crypto';
import { JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import type { LogProfile, TenantId } from '@arqonbus/protocol';
import type { NatsSpine } from '../../nats/nats-spine.ts';
import { channelIn, channelOf, roomIn, tenantShard } from '../../subjects/subjects.ts';
import type { Subject } from '../../subjects/subject.ts';
import { byName } from '../channel-log.ts';
import type {
  Append,
  Appended,
  ChannelAddress,
  ChannelLog,
  HeldChannel,
  LogEntry,
  LogPosition,
  ReadRange,
} from '../channel-log.ts';
import { conflict } from '../conflict.ts';
import type { ProfileOf } from '../log-rules.ts';
import { canCompare } from './can-compare.ts';
import { readChannel } from './channel-reader.ts';
import { LOG_SHARDS, streamOf } from './log-streams.ts';
import { messageIdOf } from './message-id.ts';
import { parseStoreReply } from './store-reply.ts';

/** What the log on JetStream is made of. */
export interface JetStreamChannelLogOptions {
  readonly profileOf: ProfileOf;
  /** All that `profileOf` may tell of. */
  readonly profiles: readonly LogProfile[];
  /** Of the message ids (`log.id_key`): at least 32 secret bytes, the same at every Shield (LOG-5). */
  readonly idKey: Uint8Array;
  /** How long a stream may take to answer. Default 5,000. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 5_000;
/** How long it is believed that a stream is still the one that it was. */
const EPOCH_MS = 1_000;

/** Where a channel is kept. */
interface Place {
  readonly stream: string;
  readonly subject: Subject;
  readonly maxMessages: number;
}

interface Epoch {
  readonly text: Promise<string>;
  readonly readAtMs: number;
}

/**
 * The log on JetStream (LOG-2): streams store, de-duplicate, and republish with the sequence, so an append costs one
 * round trip and delivers by itself. The streams must exist ({@link provisionLogStreams}). Appending to a `live` channel
 * is a programmer error and rejects. Trimming needs rights on the stream that Shields do not have.
 */
export async function createJetStreamChannelLog(
  spine: NatsSpine,
  options: JetStreamChannelLogOptions,
): Promise<ChannelLog> {
  const timeout = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const js = jetstream(spine.connection, { timeout });
  // No look at the account: a service may not have the right to, and learns more from its first request anyway.
  const manager = await jetstreamManager(spine.connection, { timeout, checkAPI: false });
  return new JetStreamChannelLog(spine, js, manager, { ...options, timeoutMs: timeout });
}

class JetStreamChannelLog implements ChannelLog {
  readonly #spine: NatsSpine;
  readonly #js: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #options: Required<JetStreamChannelLogOptions>;
  readonly #epochs = new Map<string, Epoch>();
  /** Copies of each stream whose epoch was read. */
  readonly #replicas = new Map<string, number>();

  constructor(
    spine: NatsSpine,
    js: JetStreamClient,
    manager: JetStreamManager,
    options: Required<JetStreamChannelLogOptions>,
  ) {
    this.#spine = spine;
    this.#js = js;
    this.#manager = manager;
    this.#options = options;
  }

  async append(append: Append): Promise<Appended> {
    const { stream, subject } = this.#placeOf(append.address);
    const { idKey, timeoutMs } = this.#options;
    // Before the append: an epoch that is read after it might be that of a stream which does not hold it. Whoever waits
    // for it waits for one promise, so nobody overtakes (PRT-19).
    const epoch = await this.#epochOf(stream);
    const messageId = messageIdOf(append, idKey);
    const { expectedSeq } = append;
    if (expectedSeq !== undefined && !this.#canCompare(stream)) {
      throw new BusError(
        'FEATURE_DISABLED',
        'These NATS servers cannot compare in a replicated log: 2.12 or newer can.',
      );
    }
    const reply = parseStoreReply(await this.#store(subject, append.data, messageId, timeoutMs, expectedSeq));
    if (reply.kind === 'stored') return { seq: reply.seq, epoch, duplicate: reply.isDuplicate };
    return {
      seq: await this.#overtaken({ stream, subject }, messageId, expectedSeq ?? 0, epoch),
      epoch,
      duplicate: true,
    };
  }

  read(address: ChannelAddress, range: ReadRange): Promise<readonly LogEntry[]> {
    const place = this.#placeOf(address);
    return reach(() => readChannel({ js: this.#js, ...place, timeoutMs: this.#options.timeoutMs }, range));
  }

  async position(address: ChannelAddress): Promise<LogPosition> {
    const { stream, subject } = this.#placeOf(address);
    const [epoch, first, last] = await Promise.all([
      this.#epochOf(stream),
      reach(() => this.#manager.streams.getMessage(stream, nextOf(subject, 1))),
      reach(() => this.#manager.streams.getMessage(stream, { last_by_subj: subject })),
    ]);
    return { epoch, firstSeq: first?.seq ?? 0, lastSeq: last?.seq ?? 0 };
  }

  async channels(tenant: TenantId, room: string): Promise<readonly HeldChannel[]> {
    const logged = this.#options.profiles.filter(({ logClass }) => logClass !== 'live');
    const found = await Promise.all(logged.map(({ name }) => this.#channelsOf(name, tenant, room)));
    return found.flat().sort(byName);
  }

  async trim(address: ChannelAddress, beforeSeq: number): Promise<void> {
    const { stream, subject } = this.#placeOf(address);
    await reach(() => this.#manager.streams.purge(stream, { filter: subject, seq: beforeSeq }));
  }

  /** What a stream still holds of a channel that has another profile by now is not part of its log. */
  async #channelsOf(profile: string, tenant: TenantId, room: string): Promise<readonly HeldChannel[]> {
    const stream = streamOf(profile, tenant);
    const filter = roomIn(profile, tenantShard(tenant, LOG_SHARDS), tenant, room);
    const [epoch, info] = await Promise.all([
      this.#epochOf(stream),
      reach(() => this.#manager.streams.info(stream, { subjects_filter: filter })),
    ]);
    const channels = Object.keys(info.state.subjects ?? {}).map(channelOf);
    return channels
      .filter((channel) => this.#options.profileOf(room, channel).name === profile)
      .map((channel) => ({ channel, epoch }));
  }

  #placeOf({ tenant, room, channel }: ChannelAddress): Place {
    const { name, logClass, maxMessages } = this.#options.profileOf(room, channel);
    if (logClass === 'live') throw new Error(`live channels have no log: ${room}:${channel}`);
    const subject = channelIn(name, tenantShard(tenant, LOG_SHARDS), tenant, room, channel);
    return { stream: streamOf(name, tenant), subject, maxMessages };
  }

  /**
   * The sequence of a publication that was taken before, though its expectation no longer holds: then it is what follows
   * the expected one. A replicated stream does not look for repeats before it compares. Throws `CONFLICT` for all others.
   */
  async #overtaken(
    { stream, subject }: Pick<Place, 'stream' | 'subject'>,
    messageId: string,
    expectedSeq: number,
    epoch: string,
  ): Promise<number> {
    const [next, last] = await Promise.all([
      reach(() => this.#manager.streams.getMessage(stream, nextOf(subject, expectedSeq + 1))),
      reach(() => this.#manager.streams.getMessage(stream, { last_by_subj: subject })),
    ]);
    if (next?.header.get('Nats-Msg-Id') === messageId) return next.seq;
    throw conflict(last?.seq ?? 0, epoch);
  }

  async #store(
    subject: Subject,
    data: Uint8Array,
    messageId: string,
    timeoutMs: number,
    expectedSeq: number | undefined,
  ): Promise<Uint8Array> {
    try {
      return await this.#spine.store(subject, data, messageId, timeoutMs, expectedSeq);
    } catch (error) {
      // No stream listens: nothing was stored.
      if (error instanceof BusError && error.code === 'NOT_FOUND')
        throw new BusError('UNAVAILABLE', undefined, { cause: error });
      throw error;
    }
  }

  /** Known once the epoch of the stream is. */
  #canCompare(stream: string): boolean {
    return canCompare(this.#spine.connection.info?.version ?? '', this.#replicas.get(stream) ?? 0);
  }

  /** Changes whenever the stream is another one (LOG-4): sequences begin again with it. */
  #epochOf(stream: string): Promise<string> {
    const known = this.#epochs.get(stream);
    const nowMs = performance.now();
    if (known !== undefined && nowMs - known.readAtMs < EPOCH_MS) return known.text;
    const text = this.#readEpoch(stream);
    const epoch = { text, readAtMs: nowMs };
    this.#epochs.set(stream, epoch);
    text.catch(() => {
      if (this.#epochs.get(stream) === epoch) this.#epochs.delete(stream);
    });
    return text;
  }

  async #readEpoch(stream: string): Promise<string> {
    const { created, config } = await reach(() => this.#manager.streams.info(stream));
    this.#replicas.set(stream, config.num_replicas);
    return createHash('sha256').update(`${stream}/${created}`).digest('hex').slice(0, 16);
  }
}

/** The first message of a subject from a sequence on; every server since 2.9 answers it, the types of the client leave it out. */
function nextOf(subject: Subject, seq: number): { readonly seq: number } {
  const query: { readonly seq: number; readonly next_by_subj: string } = { seq, next_by_subj: subject };
  return query;
}

/** Runs a call of JetStream's; every failure becomes `UNAVAILABLE`. */
async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const text = cause instanceof JetStreamApiError ? 'The log cannot be read.' : undefined;
    throw new BusError('UNAVAILABLE', text, { cause });
  }
}
