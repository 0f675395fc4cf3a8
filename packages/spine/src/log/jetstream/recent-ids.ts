import { addressKey } from '../channel-log.ts';
import type { ChannelAddress, ReadRange } from '../channel-log.ts';
import { ID_WINDOW_MS } from './log-streams.ts';

/** A message of a stream, with the id under which the stream knows it. */
export interface NamedMessage {
  readonly seq: number;
  readonly id: string;
  readonly timestampMs: number;
}

/** What remembering ids needs. */
export interface RecentIdsOptions {
  /** Reads a range of a channel and tells each message in it. */
  readonly read: (
    address: ChannelAddress,
    range: ReadRange,
    onMessage: (message: NamedMessage) => void,
  ) => Promise<unknown>;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
}

interface Channel {
  readonly address: ChannelAddress;
  readonly epoch: string;
  /** In the order of the log. */
  readonly ids: Map<string, NamedMessage>;
  lastSeq: number;
  /** The read under way, if any, and the one that comes after it. */
  running: Promise<void>;
  waiting: Promise<void> | undefined;
}

/** Clocks of NATS and of this process may differ by so much. */
const SKEW_MS = 30_000;
const MAX_CHANNELS = 1_000;

/**
 * The ids of what channels have stored lately (LOG-5), for the time in which a key is being replaced: a stream knows a
 * message by one id, and would store what another Shield has named by the other key a second time. Nothing of the server can
 * be asked for an id without storing it, so the ids are read: what is new in a channel with every question, by one read for
 * all that ask meanwhile.
 */
export class RecentIds {
  readonly #options: RecentIdsOptions;
  readonly #channels = new Map<string, Channel>();

  constructor(options: RecentIdsOptions) {
    this.#options = options;
  }

  /**
   * The sequence under which a channel holds a message of this id; undefined = it holds none. What was stored before the
   * call is seen. Answers in the order of the calls, so that nobody overtakes (PRT-19).
   */
  async seqOf(address: ChannelAddress, epoch: string, id: string): Promise<number | undefined> {
    const channel = this.#channelOf(address, epoch);
    await this.#refresh(channel);
    return channel.ids.get(id)?.seq;
  }

  #channelOf(address: ChannelAddress, epoch: string): Channel {
    const key = addressKey(address);
    const known = this.#channels.get(key);
    if (known?.epoch === epoch) return known;
    if (this.#channels.size >= MAX_CHANNELS) this.#channels.clear();
    const running = Promise.resolve();
    const channel: Channel = { address, epoch, ids: new Map(), lastSeq: 0, running, waiting: undefined };
    this.#channels.set(key, channel);
    return channel;
  }

  /** A read that is under way may have begun before the message was stored. */
  #refresh(channel: Channel): Promise<void> {
    channel.waiting ??= channel.running.then(() => {
      channel.waiting = undefined;
      const reading = this.#read(channel);
      channel.running = reading.catch(() => undefined);
      return reading;
    });
    return channel.waiting;
  }

  async #read(channel: Channel): Promise<void> {
    const { read, now } = this.#options;
    const { ids, lastSeq } = channel;
    const sinceMs = now() - ID_WINDOW_MS - SKEW_MS;
    const from = lastSeq === 0 ? { sinceMs } : { afterSeq: lastSeq };
    await read(channel.address, { ...from, limit: Number.POSITIVE_INFINITY }, (message) => {
      ids.set(message.id, message);
      channel.lastSeq = Math.max(channel.lastSeq, message.seq);
    });
    for (const [id, { timestampMs }] of ids) {
      if (timestampMs >= sinceMs) break;
      ids.delete(id);
    }
  }
}
