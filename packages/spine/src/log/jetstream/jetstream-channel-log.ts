import { createHash } from 'node:crypto';
import { JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import type { NatsSpine } from '../../nats/nats-spine.ts';
import { channelIn, tenantShard } from '../../subjects/subjects.ts';
import type { Subject } from '../../subjects/subject.ts';
import type { Append, Appended, ChannelAddress, ChannelLog, LogEntry, LogPosition, ReadRange } from '../channel-log.ts';
import type { ProfileOf } from '../log-rules.ts';
import { readChannel } from './channel-reader.ts';
import { LOG_SHARDS, streamOf } from './log-streams.ts';
import { messageIdOf } from './message-id.ts';
import { parseStoreReply } from './store-reply.ts';

/** What the log on JetStream is made of. */
export interface JetStreamChannelLogOptions {
  readonly profileOf: ProfileOf;
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
    const reply = await this.#store(subject, append.data, messageIdOf(append, idKey), timeoutMs);
    const { seq, isDuplicate } = parseStoreReply(reply);
    return { seq, epoch, duplicate: isDuplicate };
  }

  read(address: ChannelAddress, range: ReadRange): Promise<readonly LogEntry[]> {
    const place = this.#placeOf(address);
    return reach(() => readChannel({ js: this.#js, ...place, timeoutMs: this.#options.timeoutMs }, range));
  }

  async position(address: ChannelAddress): Promise<LogPosition> {
    const { stream, subject } = this.#placeOf(address);
    const [epoch, first, last] = await Promise.all([
      this.#epochOf(stream),
      reach(() => this.#manager.streams.getMessage(stream, nextOf(subject))),
      reach(() => this.#manager.streams.getMessage(stream, { last_by_subj: subject })),
    ]);
    return { epoch, firstSeq: first?.seq ?? 0, lastSeq: last?.seq ?? 0 };
  }

  async trim(address: ChannelAddress, beforeSeq: number): Promise<void> {
    const { stream, subject } = this.#placeOf(address);
    await reach(() => this.#manager.streams.purge(stream, { filter: subject, seq: beforeSeq }));
  }

  #placeOf({ tenant, room, channel }: ChannelAddress): Place {
    const { name, logClass, maxMessages } = this.#options.profileOf(room, channel);
    if (logClass === 'live') throw new Error(`live channels have no log: ${room}:${channel}`);
    const subject = channelIn(name, tenantShard(tenant, LOG_SHARDS), tenant, room, channel);
    return { stream: streamOf(name, tenant), subject, maxMessages };
  }

  async #store(subject: Subject, data: Uint8Array, messageId: string, timeoutMs: number): Promise<Uint8Array> {
    try {
      return await this.#spine.store(subject, data, messageId, timeoutMs);
    } catch (error) {
      // No stream listens: nothing was stored.
      if (error instanceof BusError && error.code === 'NOT_FOUND')
        throw new BusError('UNAVAILABLE', undefined, { cause: error });
      throw error;
    }
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
    const { created } = await reach(() => this.#manager.streams.info(stream));
    return createHash('sha256').update(`${stream}/${created}`).digest('hex').slice(0, 16);
  }
}

/** The first message of a subject; every server since 2.9 answers it, the types of the client leave it out. */
function nextOf(subject: Subject): { readonly seq: number } {
  const query: { readonly seq: number; readonly next_by_subj: string } = { seq: 1, next_by_subj: subject };
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
