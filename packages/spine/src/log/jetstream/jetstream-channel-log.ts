import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { NatsSpine } from '../../nats/nats-spine.ts';
import { channelIn, channelOf, roomIn } from '../../subjects/subjects.ts';
import type { Subject } from '../../subjects/subject.ts';
import { byName } from '../channel-log.ts';
import type {
  Append,
  Appended,
  ChannelAddress,
  ChannelLog,
  HeldChannel,
  LogEnd,
  LogEntry,
  LogPosition,
  ReadRange,
} from '../channel-log.ts';
import { conflict } from '../conflict.ts';
import { noErasures } from '../erasing/erasures.ts';
import type { Erasures } from '../erasing/erasures.ts';
import { streamsOf } from '../placement/log-layout.ts';
import type { LogStreamPlace } from '../placement/log-layout.ts';
import type { LogPlaces } from '../placement/log-places.ts';
import { canCompare } from './can-compare.ts';
import { readCaughtUp, readChannel } from './channel-reader.ts';
import { reach } from './reach.ts';
import { RecentIds } from './recent-ids.ts';
import { keptOf } from './log-streams.ts';
import { messageIdOf } from './message-id.ts';
import { nextOf } from './next-of.ts';
import { parseStoreReply } from './store-reply.ts';
import { StreamReader } from './stream-reader.ts';
import { StreamEpochs } from './stream-epochs.ts';
import type { StreamEpoch } from './stream-epochs.ts';
import { oneGeneration } from './stream-generations.ts';
import type { StreamGenerations } from './stream-generations.ts';
import { stateOf } from './until-heard.ts';

/** What the log on JetStream is made of. */
export interface JetStreamChannelLogOptions {
  readonly places: LogPlaces;
  /** What is known of the streams' generations (LOG-4). Default: each has one for ever. */
  readonly generations?: StreamGenerations;
  /** What was erased. Default: nothing. */
  readonly erasures?: Pick<Erasures, 'cutSeqOf'>;
  /** Told of a stream that tells of less than was stored in it by this process's own knowledge. */
  readonly onRegressed?: (stream: string, generation: string, lastSeq: number) => void;
  /** Of the message ids (`log.id_key`): at least 32 secret bytes, the same at every Shield (LOG-5). */
  readonly idKey: Uint8Array;
  /** While that key is being replaced: the one of other Shields, whose ids are known as well. */
  readonly otherIdKey?: Uint8Array | undefined;
  /** How long a stream may take to answer. Default 5,000. */
  readonly timeoutMs?: number;
  /** Wall clock, ms since the Unix epoch. Default `Date.now`. */
  readonly now?: () => number;
}

const DEFAULT_TIMEOUT_MS = 5_000;

/** Where a channel is kept. */
interface Place {
  readonly tenant: TenantId;
  readonly stream: string;
  readonly subject: Subject;
  readonly maxMessages: number;
  readonly keptMessages: number;
  readonly generation: number;
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
  readonly #manager: JetStreamManager;
  readonly #options: JetStreamChannelLogOptions & { readonly timeoutMs: number };
  readonly #epochs: StreamEpochs;
  readonly #reader: StreamReader;
  readonly #recentIds: RecentIds;

  constructor(
    spine: NatsSpine,
    js: JetStreamClient,
    manager: JetStreamManager,
    options: JetStreamChannelLogOptions & { readonly timeoutMs: number },
  ) {
    this.#spine = spine;
    this.#manager = manager;
    this.#options = options;
    const { generations = oneGeneration, onRegressed = () => undefined } = options;
    this.#epochs = new StreamEpochs({ spine, manager, generations, onRegressed });
    const { timeoutMs } = options;
    this.#reader = new StreamReader({ js, manager, connection: spine.connection, epochs: this.#epochs, timeoutMs });
    this.#recentIds = new RecentIds({
      read: async (address, range, onMessage) => {
        const reader = await this.#reader.of(this.#placeOf(address), onMessage);
        return reach(() => readCaughtUp(reader, range));
      },
      now: options.now ?? Date.now,
    });
  }

  async append(append: Append): Promise<Appended> {
    const place = this.#placeOf(append.address);
    const { stream, subject } = place;
    const { idKey, timeoutMs } = this.#options;
    // Before the append: an epoch that is read after it might be that of a stream which does not hold it. Whoever waits
    // for it waits for one promise, so nobody overtakes (PRT-19).
    const streamEpoch = await this.#epochs.of(stream);
    const epoch = streamEpoch.text(place.generation);
    const messageId = messageIdOf(append, idKey);
    const storedSeq = await this.#storedElsewhere(append, epoch);
    if (storedSeq !== undefined) return { seq: storedSeq, epoch, duplicate: true };
    const { expectedSeq } = append;
    if (expectedSeq !== undefined && !this.#canCompare(streamEpoch)) {
      throw new BusError(
        'FEATURE_DISABLED',
        'These NATS servers cannot compare in a replicated log: 2.12 or newer can.',
      );
    }
    const beside = { expectedSeq, user: append.user };
    const reply = parseStoreReply(await this.#store(subject, append.data, messageId, timeoutMs, beside));
    if (reply.kind === 'overtaken') {
      const seq = await this.#overtaken({ stream, subject }, messageId, expectedSeq ?? 0, epoch);
      return { seq, epoch, duplicate: true };
    }
    streamEpoch.see(reply.seq);
    return { seq: reply.seq, epoch, duplicate: reply.isDuplicate };
  }

  async read(address: ChannelAddress, range: ReadRange): Promise<readonly LogEntry[]> {
    const place = this.#placeOf(address);
    const reader = await this.#reader.of(place);
    const isWhole = (afterSeq: number, knownSeq: number): Promise<boolean> => this.#isWhole(place, afterSeq, knownSeq);
    return reach(() => readChannel({ ...reader, isWhole }, range));
  }

  async isWholeAfter(address: ChannelAddress, seq: number, knownSeq?: number): Promise<boolean> {
    const place = this.#placeOf(address);
    if (!(await this.#isWhole(place, seq, knownSeq))) return false;
    const reader = await this.#reader.of(place);
    return (await reach(() => reader.readOnce({ afterSeq: seq, limit: 1 }))).isTorn !== true;
  }

  async position(address: ChannelAddress, claimedSeq = 0): Promise<LogPosition> {
    const { stream, subject, generation, maxMessages } = this.#placeOf(address);
    // First the end of the stream: what the channel gets after this has a higher sequence.
    const [epoch, state] = await Promise.all([
      this.#epochs.of(stream),
      stateOf(this.#manager, { stream, subject }, claimedSeq),
    ]);
    const [first, last] = await Promise.all([
      reach(() => this.#manager.streams.getMessage(stream, nextOf(subject, 1))),
      this.#reader.lastOf({ stream, subject }),
    ]);
    const lastSeq = last?.seq ?? (first === null ? 0 : await this.#lastSeqOf(address));
    epoch.see(lastSeq);
    const isOver = (state.subjects?.[subject] ?? 0) > maxMessages && first !== null;
    const shown = isOver
      ? await reach(() => this.#manager.streams.getMessage(stream, nextOf(subject, first.seq + 1)))
      : first;
    const endSeq = Math.max(lastSeq, state.last_seq);
    return { epoch: epoch.text(generation), firstSeq: shown?.seq ?? 0, lastSeq, endSeq, stream };
  }

  async end(address: ChannelAddress): Promise<LogEnd> {
    const { stream, generation } = this.#placeOf(address);
    const epoch = await this.#epochs.of(stream);
    return { epoch: epoch.text(generation), endSeq: epoch.lastSeq };
  }

  async channels(tenant: TenantId, room: string): Promise<readonly HeldChannel[]> {
    const { places } = this.#options;
    const { shard } = places.placeOf({ tenant, room, channel: '*' });
    const streams = streamsOf(places.layout).filter((place) => place.shard === shard);
    const found = await Promise.all(streams.map((place) => this.#channelsOf(place, tenant, room)));
    return found.flat().sort(byName);
  }

  async trim(address: ChannelAddress, beforeSeq: number): Promise<void> {
    const { stream, subject } = this.#placeOf(address);
    await reach(() => this.#manager.streams.purge(stream, { filter: subject, seq: beforeSeq }));
  }

  /**
   * A stream gives up the oldest of all by age, and the oldest of a channel beyond its number. It has given up nothing where it
   * still begins at the sequence or before and holds no more of the channel than are shown, or still holds one that is no younger.
   */
  async #isWhole(place: Place, afterSeq: number, knownSeq = 0): Promise<boolean> {
    const { tenant, stream, subject, maxMessages, keptMessages } = place;
    const { generations = oneGeneration, erasures = noErasures } = this.#options;
    const state = await stateOf(this.#manager, place, Math.max(afterSeq, knownSeq));
    if (knownSeq > state.last_seq) throw new BusError('UNAVAILABLE', 'A copy of the log lags behind.');
    if (afterSeq > state.last_seq) return false;
    const held = state.subjects?.[subject] ?? 0;
    const isUncut = keptMessages > maxMessages && held <= maxMessages && afterSeq >= erasures.cutSeqOf(tenant, stream);
    if (isUncut && generations.firstSeqOf(stream, state.first_seq) <= afterSeq + 1) return true;
    const oldest = await reach(() => this.#manager.streams.getMessage(stream, nextOf(subject, 1)));
    return oldest !== null && oldest.seq <= afterSeq;
  }

  /** NATS 2.9 does not find the last message of a subject once a later one was erased. */
  async #lastSeqOf(address: ChannelAddress): Promise<number> {
    return (await this.read(address, { limit: 1, order: 'newest' }))[0]?.seq ?? 0;
  }

  /** What a stream still holds of a channel that has another profile by now is not part of its log. */
  async #channelsOf(
    { stream, profile, shard }: LogStreamPlace,
    tenant: TenantId,
    room: string,
  ): Promise<readonly HeldChannel[]> {
    const filter = roomIn(profile.name, shard, tenant, room);
    const [epoch, info] = await Promise.all([
      this.#epochs.of(stream),
      reach(() => this.#manager.streams.info(stream, { subjects_filter: filter })),
    ]);
    const channels = Object.keys(info.state.subjects ?? {}).map(channelOf);
    const { places } = this.#options;
    return channels.flatMap((channel) => {
      const place = places.placeOf({ tenant, room, channel });
      return place.stream === stream ? [{ channel, epoch: epoch.text(place.generation) }] : [];
    });
  }

  #placeOf(address: ChannelAddress): Place {
    const { tenant, room, channel } = address;
    const { profile, shard, stream, generation } = this.#options.places.placeOf(address);
    const { name, logClass, maxMessages } = profile;
    if (logClass === 'live') throw new Error(`live channels have no log: ${room}:${channel}`);
    const subject = channelIn(name, shard, tenant, room, channel);
    return { tenant, stream, subject, generation, maxMessages, keptMessages: keptOf(maxMessages, logClass) };
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
      this.#reader.lastOf({ stream, subject }),
    ]);
    if (next?.header.get('Nats-Msg-Id') === messageId) return next.seq;
    throw conflict(last?.seq ?? 0, epoch);
  }

  /** The sequence of a publication that another Shield has stored under the other key (LOG-5). */
  async #storedElsewhere(append: Append, epoch: string): Promise<number | undefined> {
    const { otherIdKey } = this.#options;
    if (otherIdKey === undefined) return undefined;
    return this.#recentIds.seqOf(append.address, epoch, messageIdOf(append, otherIdKey));
  }

  async #store(
    subject: Subject,
    data: Uint8Array,
    messageId: string,
    timeoutMs: number,
    beside: { readonly expectedSeq: number | undefined; readonly user: string },
  ): Promise<Uint8Array> {
    try {
      return await this.#spine.store(subject, data, messageId, timeoutMs, beside);
    } catch (error) {
      // No stream listens: nothing was stored.
      if (error instanceof BusError && error.code === 'NOT_FOUND')
        throw new BusError('UNAVAILABLE', undefined, { cause: error });
      throw error;
    }
  }

  #canCompare({ replicas }: StreamEpoch): boolean {
    return canCompare(this.#version, replicas);
  }

  /** Release of the server that this process is connected to. */
  get #version(): string {
    return this.#spine.connection.info?.version ?? '';
  }
}
